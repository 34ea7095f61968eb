"""New bundles without a restart, and models that are candidates, in use or retired: in every process, and back."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL

from dashboard import bundle_folder
from dashboard.cases import NOBODY, Actor, NotAllowed, predict_photograph
from dashboard.jobs.worker import Jobs
from dashboard.models import set_model_state, undo_model_change
from dashboard.services import ModelUnavailable, Services, build_services
from dashboard.settings import Settings
from dashboard.store import Conflict, InputError, registry
from dashboard.store.registry import ModelRegistry, ModelState, RegistryLine
from dashboard.users.roles import ROLES, Role
from dashboard.users.trail import Sought, Trail
from model.bundle import GRAPH, SCORES, Bundle, Damaged
from tests.tiny import write_tiny_bundle

IN_USE, CANDIDATE, RETIRED = ModelState.IN_USE, ModelState.CANDIDATE, ModelState.RETIRED
WHY = "Finds more on the photographs of last year."


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_folder, "LOOK", 0.0)
    monkeypatch.setattr(registry, "BELIEVED", 0.0)


@pytest.fixture
def processes(bundle_root: Path, tmp_path: Path, url: URL) -> Iterator[tuple[Services, Services]]:
    """Two processes with one database, one folder of photographs and one of bundles."""
    shutil.copytree(bundle_root, tmp_path / "bundles")
    settings = Settings(
        bundles=tmp_path / "bundles",
        data_dir=tmp_path / "data",
        model="tiny",
        threads=1,
        database_url=url.render_as_string(hide_password=False),
    )
    both = build_services(settings), build_services(settings)
    yield both
    for one in both:
        one.store.close()


def test_a_new_bundle_is_served_by_all_and_a_candidate(
    processes: tuple[Services, Services], lesion_jpeg: bytes
) -> None:
    first, second = processes
    write_tiny_bundle(first.settings.bundles, "newer", seed=3)
    for one in processes:
        assert [bundle.name for bundle in one.runnable] == ["newer", "tiny"]
        assert [bundle.name for bundle in one.in_use] == ["tiny"] and one.default_model == "tiny"
        assert one.state_of("newer") is CANDIDATE
        assert predict_photograph(NOBODY, one, lesion_jpeg, "a.jpg", model="newer").model == "newer"
        assert one.known.by_card.keys() == {bundle.card.sha256 for bundle in one.runnable}
    set_model_state(NOBODY, first, "newer", IN_USE, True, WHY)
    assert second.default_model == "newer" and second.bundle().name == "newer"


def test_a_process_knows_its_own_changes_at_once_and_those_of_others_soon(
    processes: tuple[Services, Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = processes
    write_tiny_bundle(first.settings.bundles, "newer", seed=3)
    monkeypatch.setattr(registry, "BELIEVED", 600.0)
    assert first.bundle().name == second.bundle().name == "tiny"
    set_model_state(NOBODY, first, "newer", IN_USE, True, WHY)
    assert first.bundle().name == "newer" and second.bundle().name == "tiny"
    assert second.default_model == "newer"
    monkeypatch.setattr(registry, "BELIEVED", 0.0)
    assert second.bundle().name == "newer"


def test_a_change_while_another_thread_asks_is_not_missed(
    processes: tuple[Services, Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = processes
    write_tiny_bundle(first.settings.bundles, "newer", seed=3)
    assert len(first.bundles) == 2
    newest = first.registry.newest

    def asked_before_a_change() -> RegistryLine | None:
        line = newest()
        monkeypatch.setattr(first.registry, "newest", newest)
        set_model_state(NOBODY, first, "newer", IN_USE, True, WHY)
        return line

    monkeypatch.setattr(first.registry, "newest", asked_before_a_change)
    assert first.bundle().name == "tiny"
    monkeypatch.setattr(registry, "BELIEVED", 600.0)
    assert first.bundle().name == "newer"


def test_a_bundle_that_is_replaced_is_read_anew(
    services: Services, tmp_path: Path, lesion_jpeg: bytes
) -> None:
    shutil.copytree(services.settings.bundles, tmp_path / "bundles")
    changed = replace(services, folder=bundle_folder.BundleFolder(tmp_path / "bundles"))
    before = predict_photograph(NOBODY, changed, lesion_jpeg, "a.jpg")
    write_tiny_bundle(tmp_path / "bundles", "tiny", seed=9)
    after = predict_photograph(NOBODY, changed, lesion_jpeg, "a.jpg")
    assert after.model_sha256 == changed.bundle().card.sha256 != before.model_sha256
    assert after.probability != before.probability


def test_what_is_half_there_never_serves_until_it_is_whole(
    processes: tuple[Services, Services], lesion_jpeg: bytes, tmp_path: Path
) -> None:
    first, _ = processes
    made = write_tiny_bundle(tmp_path / "elsewhere", "newer", seed=3)
    coming = first.settings.bundles / "newer"
    shutil.copytree(made.path, coming)
    (coming / SCORES).write_bytes(made.read(SCORES)[:100])
    (damaged,) = [one for one in first.bundles if isinstance(one, Damaged)]
    assert damaged.name == "newer" and "SHA-256" in damaged.problem
    with pytest.raises(ModelUnavailable) as caught:
        predict_photograph(NOBODY, first, lesion_jpeg, "a.jpg", model="newer")
    assert caught.value.code == "damaged_model"
    with pytest.raises(ModelUnavailable):
        set_model_state(NOBODY, first, "newer", IN_USE, False, WHY)
    shutil.copy(made.path / SCORES, coming / SCORES)
    assert all(isinstance(one, Bundle) for one in first.bundles)
    # What is damaged later stops, though it was loaded.
    assert predict_photograph(NOBODY, first, lesion_jpeg, "a.jpg", model="newer").model == "newer"
    (coming / GRAPH).write_bytes(b"changed")
    with pytest.raises(ModelUnavailable):
        predict_photograph(NOBODY, first, lesion_jpeg, "b.jpg", model="newer")
    shutil.rmtree(coming)
    assert [one.name for one in first.bundles] == ["tiny"]


def test_a_retired_model_predicts_nowhere_and_its_predictions_stay(
    processes: tuple[Services, Services], lesion_jpeg: bytes
) -> None:
    first, second = processes
    write_tiny_bundle(first.settings.bundles, "newer", seed=3)
    record = predict_photograph(NOBODY, second, lesion_jpeg, "a.jpg")
    set_model_state(NOBODY, first, "newer", IN_USE, True, WHY)
    set_model_state(NOBODY, first, "tiny", RETIRED, False, "Misses too much.")
    with pytest.raises(ModelUnavailable, match="“tiny” is retired") as caught:
        predict_photograph(NOBODY, second, lesion_jpeg, "a.jpg", model="tiny")
    assert caught.value.code == "retired_model"
    with pytest.raises(ModelUnavailable):
        Jobs(second).start(NOBODY, [record.id], "tiny")
    assert second.store.get(record.id) == record and second.picture(record)
    assert predict_photograph(NOBODY, second, lesion_jpeg, "b.jpg").model == "newer"
    # Back with one click: as before the last change, then as before that one.
    undo_model_change(NOBODY, second, 3)
    assert [one.name for one in first.in_use] == ["newer", "tiny"] and first.default_model == "newer"
    # Somebody who has not seen that undoes nothing.
    with pytest.raises(Conflict):
        undo_model_change(NOBODY, first, 3)


def test_a_retired_model_of_the_settings_does_not_stop_the_start(
    processes: tuple[Services, Services],
) -> None:
    first, _ = processes
    write_tiny_bundle(first.settings.bundles, "newer", seed=3)
    set_model_state(NOBODY, first, "newer", IN_USE, False, WHY)
    set_model_state(NOBODY, first, "tiny", RETIRED, False, WHY)
    again = build_services(first.settings)
    assert again.default_model == "newer"
    again.store.close()


def test_without_any_model_in_use_the_answer_says_where_to_put_one(
    processes: tuple[Services, Services], lesion_jpeg: bytes
) -> None:
    first, second = processes
    set_model_state(NOBODY, first, "tiny", CANDIDATE, False, WHY)
    assert second.default_model is None and [one.name for one in second.runnable] == ["tiny"]
    with pytest.raises(ModelUnavailable, match="under Administration"):
        predict_photograph(NOBODY, second, lesion_jpeg, "a.jpg")


def test_models_that_were_here_before_the_list_are_in_use(bundle_root: Path, tmp_path: Path) -> None:
    shutil.copytree(bundle_root, tmp_path / "bundles")
    write_tiny_bundle(tmp_path / "bundles", "other", seed=5)
    services = build_services(Settings(bundles=tmp_path / "bundles", data_dir=tmp_path / "data"))
    assert [one.name for one in services.in_use] == ["other", "tiny"]
    (line,) = ModelRegistry(services.store).lines(9)
    assert line.states == {"other": IN_USE, "tiny": IN_USE}
    services.store.close()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("missing", IN_USE, False, WHY), "no model of that name"),
        (("tiny", RETIRED, False, "  "), "Say why"),
        (("tiny", CANDIDATE, True, WHY), "Only a model in use"),
        (("tiny", IN_USE, False, WHY), "Nothing would change"),
        (("weightless", IN_USE, False, WHY), "has no graph"),
        (("tiny", RETIRED, False, "x" * 5000), "the most"),
    ],
)
def test_what_makes_no_sense_is_refused(
    processes: tuple[Services, Services], change: tuple[str, ModelState, bool, str], sentence: str
) -> None:
    first, _ = processes
    write_tiny_bundle(first.settings.bundles, "weightless", graph=False)
    with pytest.raises(InputError, match=sentence):
        set_model_state(NOBODY, first, *change)
    with pytest.raises(InputError, match="no change to go back"):
        undo_model_change(NOBODY, first, 1)
    assert len(ModelRegistry(first.store).lines(9)) == 1


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_change_models(services: Services, role: Role) -> None:
    with pytest.raises(NotAllowed):
        set_model_state(Actor("x", ROLES[role]), services, "tiny", RETIRED, False, WHY)
    with pytest.raises(NotAllowed):
        undo_model_change(Actor("x", ROLES[role]), services, 1)


def test_the_audit_trail_says_who_why_and_what(services: Services) -> None:
    asked = replace(services, settings=services.settings.model_copy(update={"auth": "local"}))
    anna = Actor("anna", ROLES[Role.ADMINISTRATOR])
    set_model_state(anna, asked, "tiny", IN_USE, True, WHY)
    line = ModelRegistry(asked.store).newest()
    assert line is not None and (line.who, line.why, line.chosen) == ("anna", WHY, "tiny")
    (written,) = Trail(asked.store).lines(Sought(action="model changed"))
    assert (written.who, written.subject) == ("anna", "tiny")
    assert written.text == f"In use, by default. {WHY}"
