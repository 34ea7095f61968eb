"""Where a lesion is, and its cases with it: one site, whoever says it and wherever."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from dashboard.store import Context, InputError, OneOf, Query, Record, Store, database
from dashboard.store.inspection import store_problems
from dashboard.store.patients import Patients

Add = Callable[..., Record]
BACK, ARM = "posterior torso", "upper extremity"


def sites(store: Store, *records: Record) -> list[str | None]:
    """The sites of cases as they are now; nothing else is wrong with them."""
    assert not list(store_problems(store))
    return [store.get(record.id).context.site for record in records]


def test_the_site_of_a_case_becomes_that_of_its_lesion_and_of_its_other_cases(store: Store, add: Add) -> None:
    first = add(seed=1, context=Context(patient="P-1", lesion="1"))
    second = add(seed=2, context=Context(patient="P-1", lesion="1", site=BACK))
    other = add(seed=3, context=Context(patient="P-1", lesion="2", site=ARM))
    assert sites(store, first, second, other) == [BACK, BACK, ARM]
    store.change({first.id: None}, {"site": ARM}, who="Ann")
    assert sites(store, first, second) == [ARM, ARM]
    lesion_id = first.lesion_id or ""
    assert Patients(store).lesion(lesion_id).details.site == ARM
    line = Patients(store).history(lesion_id)[-1]
    assert (line.who, line.detail) == ("Ann", {"site": [BACK, ARM]})
    assert store.audit(second.id)[-1].detail == {"site": [BACK, ARM]}
    # A case counts by it, and an upload has it, whatever is said with it.
    assert store.page(Query(filters=(OneOf("site", frozenset({ARM})),))).total == 3
    assert sites(store, add(seed=4, context=Context(patient="P-1", lesion="1", site="back"))) == [ARM]
    Patients(store).correct_lesion(lesion_id, {"site": None})
    assert sites(store, first, second) == [None, None]


def test_words_of_before_stay_while_nobody_has_said_the_site_of_the_lesion(store: Store, add: Add) -> None:
    records = [add(seed=seed, context=Context(lesion="L1", site="back")) for seed in (1, 2)]
    store.change({records[0].id: None}, {"site": "left of the spine"})
    assert sites(store, *records) == ["left of the spine", "back"]
    Patients(store).correct_lesion(records[0].lesion_id or "", {"site": BACK})
    assert sites(store, *records) == [BACK, BACK]
    with pytest.raises(InputError, match=f"Lesion L1 has one site for all of its photographs, {BACK}"):
        store.change({records[0].id: None}, {"site": "back"})


def test_a_case_that_leaves_a_lesion_leaves_its_site(store: Store, add: Add) -> None:
    here = add(seed=1, context=Context(patient="P-1", lesion="1", site=BACK))
    moved = add(seed=2, context=Context(patient="P-1", lesion="1"))
    store.change({moved.id: None}, {"lesion": "2"})
    assert sites(store, here, moved) == [BACK, None]
    store.change({moved.id: None}, {"lesion": "3", "site": ARM})
    assert sites(store, here, moved) == [BACK, ARM]
    store.change({moved.id: None}, {"lesion": "1"})
    assert sites(store, moved) == [BACK]
    store.change({moved.id: None}, {"lesion": None, "patient": None})
    assert sites(store, moved) == [None]


def test_what_belongs_to_no_lesion_has_its_own(store: Store, add: Add) -> None:
    records = [add(seed=seed, context=Context(patient="P-1")) for seed in (1, 2)]
    store.change({records[0].id: None}, {"site": ARM})
    assert sites(store, *records) == [ARM, None]
    # A lesion without a site takes that of the photograph that comes to it.
    store.change({records[0].id: None}, {"lesion": "1"})
    store.change({records[1].id: None}, {"lesion": "1"})
    assert sites(store, *records) == [ARM, ARM]


def test_a_merge_of_lesions_and_its_undoing(store: Store, add: Add) -> None:
    one = add(seed=1, context=Context(patient="P-1", lesion="1", site=BACK))
    two = add(seed=2, context=Context(patient="P-1", lesion="2", site=ARM))
    people = Patients(store)
    people.merge_lesion(two.lesion_id or "", one.lesion_id or "")
    assert sites(store, one, two) == [BACK, BACK]
    people.undo_lesion_merge(two.lesion_id or "")
    assert sites(store, one, two) == [BACK, ARM]


def test_cases_of_before_get_the_site_of_their_lesion(store: Store, engine: Engine, add: Add) -> None:
    record = add(seed=1, context=Context(patient="P-1", lesion="1", site=BACK))
    loose = add(seed=2, context=Context(patient="P-1", site="face"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE predictions SET site = 'back' WHERE lesion = '1'"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0022'"))
    assert list(store_problems(store))
    database.migrate(engine)
    assert sites(store, record, loose) == [BACK, "face"]
