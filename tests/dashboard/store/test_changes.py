"""Context, reviews, tags, audit lines: what people add, and two of them at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from dashboard.store import (
    Conflict,
    Context,
    Finding,
    InputError,
    NotFound,
    OneOf,
    Query,
    Record,
    Search,
    Store,
    arrival,
)
from dashboard.store.bin import CaseBin
from dashboard.store.names import new_id
from dashboard.store.patients import Patients
from dashboard.store.schema import audit, reviews, tags
from model.cautions import Caution
from model.images import Photograph
from model.predictor import Decision, Prediction, Similar
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]
Said = Callable[..., Prediction]
Picture = Callable[..., Photograph]
NOBODY = "01a20ae0-c949-743f-a804-56e93ddba6f8"


def test_everything_of_a_prediction_is_kept(store: Store, add: Add) -> None:
    added = add(
        novelty=0.7,
        similar=(Similar("ISIC_1", "HAM_1", "nv", 0.25),),
        quality={"sharpness": 0.5},
        operating_point="sensitivity-90",
        malignant_from=0.6,
        context=Context(age=0, sex="other", site="back", lesion="L 1", note="two\nlines"),
    )
    assert store.get(added.id) == added
    assert added.similar[0].distance == 0.25 and added.review == "open"
    assert added.context.note == "two\nlines" and added.context.age == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"age": -1},
        {"age": 121},
        {"age": 40.5},
        {"age": True},
        {"sex": "f"},
        {"site": "x" * 65},
        {"lesion": "x" * 129},
        {"note": "x" * 4001},
    ],
)
def test_a_context_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Context(**wrong)


def test_a_context_is_cleaned() -> None:
    found = Context(site=" back\0 ", lesion="\u202eL1", note="  a\r\nb\x1b\n ")
    assert (found.site, found.lesion, found.note) == ("back", "L1", "a\nb")
    assert Context(site=" ", note="\n") == Context()


def test_reviews_are_appended_and_the_latest_diagnosis_counts(store: Store, add: Add) -> None:
    record = add(decision=Decision.BENIGN)
    (first,) = add_review(store, [record.id], "Anna", note="looks fine", add_tags=["b", "a", " "])
    assert (first.review, first.confirmed, first.tags, first.revision) == ("reviewed", None, ("a", "b"), 1)
    (second,) = add_review(store, [record.id], "Ben", "mel", "histology", remove_tags=["b"])
    assert (second.review, second.confirmed, second.confirmed_by) == ("missed", "mel", "histology")
    # A review without a diagnosis leaves what was confirmed; a withdrawal takes it back.
    (third,) = add_review(store, [record.id], "Anna", note="agreed")
    assert third.confirmed == "mel"
    (fourth,) = add_review(store, [record.id], "Ben", source="withdrawn", note="wrong patient")
    assert (fourth.review, fourth.confirmed, fourth.confirmed_by) == ("reviewed", None, None)
    assert store.get(record.id) == fourth
    found = store.reviews(record.id)
    assert [one.reviewer for one in found] == ["Ben", "Anna", "Ben", "Anna"]
    assert [one.diagnosis for one in found] == [None, None, "mel", None]
    assert found[-1].note == "looks fine" and found[-1].tags == ("a", "b") and found[0].tags == ("a",)


@pytest.mark.parametrize(
    ("decision", "confirmed", "state"),
    [
        ("benign", "mel", "missed"),
        ("benign", "nv", "confirmed"),
        ("malignant", "nv", "overcalled"),
        ("malignant", "bcc", "confirmed"),
        ("uncertain", "nv", "undecided"),
        ("uncertain", "mel", "undecided"),
    ],
)
def test_disagreements_are_told_apart(
    store: Store, add: Add, decision: str, confirmed: str, state: str
) -> None:
    record = add(decision=Decision(decision))
    assert add_review(store, [record.id], "Anna", confirmed, "expert")[0].review == state
    wanted = Query(filters=(OneOf("review", frozenset({state})),))
    assert [one.id for one in store.page(wanted).records] == [record.id]


def test_nothing_is_missed_or_overcalled_without_a_result(store: Store, add: Add) -> None:
    severe = (Caution("unlike", "This does not look like a lesion.", severe=True),)
    for seed, (decision, confirmed) in enumerate((("benign", "mel"), ("malignant", "nv"), ("benign", "nv"))):
        record = add(seed=seed, decision=Decision(decision), cautions=severe)
        assert add_review(store, [record.id], "A", confirmed, "expert")[0].review == "undecided"


def test_disagreements_come_first_and_open_cases_when_asked(store: Store, add: Add) -> None:
    missed, overcalled, seen, open_ = (
        add(str(n), decision=decision)
        for n, decision in enumerate(("benign", "malignant", "benign", "benign"))
    )
    add_review(store, [missed.id], "A", "mel", "histology")
    add_review(store, [overcalled.id], "A", "nv", "histology")
    add_review(store, [seen.id], "A")
    down = [one.id for one in store.page(Query(sort=(("review", "desc"),))).records]
    assert down == [missed.id, overcalled.id, seen.id, open_.id]
    assert store.page(Query(sort=(("review", "asc"),))).records[0].id == open_.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"reviewer": " "},
        {"reviewer": "x" * 129},
        {"diagnosis": "cancer", "source": "expert"},
        {"diagnosis": "mel"},
        {"diagnosis": "mel", "source": "rumour"},
        {"diagnosis": "mel", "source": "withdrawn"},
        {"source": "histology"},
        {"note": "x" * 4001},
        {"add_tags": ["x" * 65]},
        {"add_tags": [str(n) for n in range(51)]},
    ],
)
def test_a_review_that_cannot_be_meant_changes_nothing(store: Store, add: Add, wrong: dict[str, Any]) -> None:
    record = add()
    with pytest.raises(InputError):
        add_review(store, [record.id], **{"reviewer": "Anna", **wrong})
    assert store.get(record.id) == record and store.reviews(record.id) == ()


def test_two_people_at_once_are_told_what_changed(store: Store, add: Add) -> None:
    record = add()
    add_review(store, [record.id], "Anna", "nv", "expert", revision=0)
    for late in (
        lambda: add_review(store, [record.id], "Ben", "mel", "histology", revision=0),
        lambda: store.change({record.id: 0}, {"age": 50}, who="Ben"),
    ):
        with pytest.raises(Conflict, match="Anna") as caught:
            late()
        assert caught.value.record == store.get(record.id)
        (change,) = caught.value.changes
        assert change.who == "Anna" and change.detail["confirmed"] == [None, "nv"]
    assert len(store.reviews(record.id)) == 1
    assert add_review(store, [record.id], "Ben", "mel", "histology", revision=1)[0].revision == 2


def test_one_conflict_among_many_changes_none(store: Store, add: Add) -> None:
    first, second = add("1"), add("2")
    add_review(store, [second.id], "Anna")
    with pytest.raises(Conflict):
        add_review(store, [first.id, second.id], "Ben", revision={first.id: 0, second.id: 0})
    assert store.reviews(first.id) == ()
    assert len(add_review(store, [first.id, second.id], "Ben", revision={first.id: 0, second.id: 1})) == 2


def test_threads_that_review_one_case_lose_nothing(store: Store, add: Add) -> None:
    record = add()

    def one(number: int) -> None:
        add_review(store, [record.id], f"R{number}", add_tags=[f"t{number:02}"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(16)))
    after = store.get(record.id)
    assert after.revision == 16 and len(store.reviews(record.id)) == 16
    assert after.tags == tuple(f"t{number:02}" for number in range(16)) == store.values("tag")


def test_what_is_gone_is_passed_over_and_nothing_left_is_said(store: Store, add: Add) -> None:
    stays, goes = add("1"), add("2")
    store.delete([goes.id])
    assert [one.id for one in add_review(store, [goes.id, stays.id, stays.id], "Anna")] == [stays.id]
    for late in (
        lambda: add_review(store, [goes.id], "Anna"),
        lambda: add_review(store, [], "Anna"),
        lambda: store.change({goes.id: None}, {"age": None}),
        lambda: store.reviews(goes.id),
        lambda: store.neighbours(goes.id, Query()),
        lambda: add_review(store, ["' OR 1=1 --"], "Anna"),
    ):
        with pytest.raises(NotFound):
            late()


def test_the_trail_tells_who_did_what_and_outlives_the_case(store: Store, add: Add, engine: Engine) -> None:
    record = add("Jane Doe.jpg", probability=0.25)
    store.change({record.id: None}, {"age": 50, "note": "private"}, who="Anna")
    store.change({record.id: None}, {"age": 50, "note": "private"}, who="Ben")
    add_review(store, [record.id], "Ben", "nv", "expert")
    lines = store.audit(record.id)
    assert [(one.action, one.who, one.revision) for one in lines] == [
        ("predicted", "", 0),
        ("described", "Anna", 1),
        ("reviewed", "Ben", 2),
    ]
    assert lines[1].detail == {"age": [None, 50], "note": [None, "private"]}
    store.delete([record.id], who="Cem")
    (*_, last) = store.audit(record.id)
    assert (last.action, last.who) == ("deleted", "Cem") and last.detail["confirmed"] == "nv"
    assert store.audit(NOBODY) == ()
    with engine.connect() as connection:
        for table in (reviews, tags):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
        kept = str(connection.execute(select(audit.c.detail)).scalars().all())
    # Nothing of what could name a person stays behind.
    assert "private" not in kept and "Jane" not in kept


def test_free_text_finds_what_people_wrote(store: Store, add: Add) -> None:
    record = add("IMG_0001.jpg", context=Context(lesion="L-17", note="Rechte Schulter, größer"))
    other = add("other.png", seed=1)
    add_review(store, [record.id], "Anna", note="clear margins", add_tags=["teaching"])

    def found(text: str) -> list[str]:
        return [one.id for one in store.page(Query(filters=(Search(text),))).records]

    for text in ("img_0001", "l-17", "GRÖSSER", "schulter rechte", "margins", "teach", "1", "ü" and "öß", ""):
        assert record.id in found(text), text
    for text in (
        "margins other",
        "img_0002",
        "%",
        "_0_1",
        "100%",
        "'",
        '"',
        "x" * 1000,
        "mar*",
        "margins OR other",
    ):
        assert found(text) == [], text
    store.change({record.id: None}, {"note": "left knee"})
    assert found("knee") == [record.id] and found("schulter") == [] and found("margins") == [record.id]
    store.delete([record.id])
    assert found("knee") == [] and found("png") == [other.id]


def test_tags_sites_and_models_are_listed(store: Store, add: Add) -> None:
    first, second = add(context=Context(site="back")), add(context=Context(site="face"), model="b")
    add()
    add_review(store, [first.id, second.id], "A", add_tags=["x", "y"])
    add_review(store, [first.id], "A", remove_tags=["y"])
    add_review(store, [second.id], "A", remove_tags=["y"])
    assert (store.values("tag"), store.values("site"), store.values("model")) == (
        ("x",),
        ("back", "face"),
        ("b", "tiny"),
    )
    assert store.page(Query(filters=(OneOf("tag", frozenset({"x", "none"})),))).total == 2
    assert store.page(Query(filters=(OneOf("site", frozenset({None})),))).total == 1


def test_a_lesion_over_time(store: Store, add: Add) -> None:
    first = add("1", context=Context(lesion="L1"))
    add("2", context=Context(lesion="l1"))
    third = add("3", context=Context(lesion="L1"))
    assert [one.id for one in Patients(store).cases_of_lesion(first.lesion_id)] == [first.id, third.id]
    assert Patients(store).cases_of_lesion(None) == () == Patients(store).cases_of_lesion("%")


def test_neighbours_follow_the_query(store: Store, add: Add) -> None:
    records = [
        add(str(n), probability=p, diagnosis=d)
        for n, (p, d) in enumerate(((0.3, "nv"), (0.1, None), (0.2, "nv")))
    ]
    ids = [record.id for record in records]
    assert store.neighbours(ids[1], Query()) == (ids[2], ids[0])
    by_probability = Query(sort=(("probability", "asc"),))
    assert store.neighbours(ids[1], by_probability) == (None, ids[2])
    assert store.neighbours(ids[2], by_probability) == (ids[1], ids[0])
    # Missing values come last.
    by_diagnosis = Query(sort=(("diagnosis", "desc"),))
    assert store.neighbours(ids[1], by_diagnosis) == (ids[0], None)
    assert store.neighbours(ids[0], by_diagnosis) == (ids[2], ids[1])
    only_nv = Query(filters=(OneOf("diagnosis", frozenset({"nv"})),))
    assert store.neighbours(ids[0], only_nv) == (ids[2], None)
    assert store.neighbours(ids[1], only_nv) == (None, None)


def test_watchers_see_every_change(store: Store, add: Add) -> None:
    assert store.latest().id is None
    seen = [store.latest().change]
    record = add()
    for change in (
        lambda: store.change({record.id: None}, {"age": 1}),
        lambda: add_review(store, [record.id], "A"),
        lambda: store.delete([record.id]),
    ):
        assert store.latest().id == record.id
        seen.append(store.latest().change)
        change()
    seen.append(store.latest().change)
    assert seen == sorted(set(seen))


def test_ids_stay_unique_and_in_order_when_the_clock_jumps_back(
    store: Store, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add("before")
    monkeypatch.setattr("time.time_ns", lambda: 1_600_000_000_000_000_000)
    ids = [new_id() for _ in range(5000)]
    second = add("after")
    assert ids == sorted(set(ids)) and first.id < ids[0] and ids[-1] < second.id


def test_a_prediction_after_the_clock_was_set_back_is_still_the_newest(
    store: Store,
    picture: Callable[..., Photograph],
    said: Callable[..., Prediction],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def at(moment: datetime) -> Record:
        monkeypatch.setattr(arrival, "clock_time", lambda: moment)
        return store.add(picture(), said(picture()), moment.isoformat())

    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    first, second = at(noon), at(noon - timedelta(minutes=20))
    assert [one.id for one in store.page(Query()).records] == [second.id, first.id]
    assert second.created > first.created
    # A clock that was wrong by days and is right again is believed.
    third = at(noon - timedelta(days=3))
    assert third.created == noon - timedelta(days=3)


def test_a_change_is_written_whole_or_not_at_all(store: Store, add: Add) -> None:
    record = add(context=Context(age=40, note="old"))
    add_review(store, [record.id], "Anna", add_tags=[f"t{number:02}" for number in range(50)])
    for who, finding in (
        ("Ben", Finding("mel")),
        ("Ben", Finding(add_tags=["one more"])),
        ("", Finding()),
    ):
        with pytest.raises(InputError):
            store.change({record.id: None}, {"age": 41}, finding, who)
    with pytest.raises(Conflict):
        store.change({record.id: 0}, {"age": 41}, Finding(), "Ben")
    now = store.get(record.id)
    assert (now.context.age, now.revision, len(store.reviews(record.id))) == (40, 1, 1)
    (after,) = store.change({record.id: 1}, {"age": 41}, Finding(note="seen"), "Ben")
    assert (after.context, after.revision) == (Context(age=41, note="old"), 3)


def test_reviews_at_the_same_moment_are_all_kept(store: Store, add: Add) -> None:
    record = add()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: store.change({record.id: None}, {}, Finding(), f"R{one}"), range(50)))
    assert len(store.reviews(record.id)) == 50 == store.get(record.id).revision


def test_what_was_changed_meanwhile_is_not_deleted(store: Store, add: Add) -> None:
    record = add(key="k")
    add_review(store, [record.id], "Anna", "mel", "histology")
    with pytest.raises(Conflict, match="Anna"):
        CaseBin(store).put([record.id], revision=0)
    assert store.image(record.id) and CaseBin(store).put([record.id], revision=1) == (record.id,)
