"""`python -m dashboard check`: what is wrong with settings, bundles, database and files, and what to do about it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.settings import Settings, variable
from dashboard.store import Store
from dashboard.store.inspection import store_problems
from dashboard.store.registry import ModelRegistry, ModelState
from dashboard.users.trail import trail_problems
from model.bundle import BundleError, Damaged, find_bundles

# Bytes; a day of a busy clinic.
LITTLE_ROOM = 1_000_000_000
RESTORE = "Bring it from a backup: `python -m dashboard restore FILE.tar` into an empty data folder, then move it here."
# Words in a problem of the store -> what to do about it; the first that fits.
ADVICE = (
    ("is missing or empty", RESTORE + " Or delete the case."),
    ("is damaged", RESTORE),
    ("audit trail", "Find out who could write to the database, and keep the log of the server beside it."),
    ("do not agree", "Restore the last backup for which this command finds nothing, and report it."),
    ("monitoring counts", "Restore the last backup for which this command finds nothing, and report it."),
    ("", "Restore the last backup for which this command finds nothing."),
)


@dataclass(frozen=True)
class CheckFinding:
    """Something that is wrong, and what to do: a sentence each."""

    problem: str
    advice: str


def everything_wrong(settings: Settings, store: Store) -> Iterator[CheckFinding]:
    """What is wrong, at constant memory; nothing is changed. Settings that cannot be used end the program before."""
    yield from room_problems(settings)
    yield from model_problems(settings, store)
    for problem in (*store_problems(store), *trail_problems(store)):
        yield CheckFinding(problem, next(advice for words, advice in ADVICE if words in problem))


def room_problems(settings: Settings) -> Iterator[CheckFinding]:
    """Whether there is room for more photographs."""
    free = shutil.disk_usage(settings.data_dir).free
    if free < LITTLE_ROOM:
        yield CheckFinding(
            f"Only {free / 1e6:,.0f} MB are left where the data folder {settings.data_dir} lies.",
            f"Make room, move the folder ({variable('data_dir')}), or let old cases go ({variable('keep_days')}).",
        )


def model_problems(settings: Settings, store: Store) -> Iterator[CheckFinding]:
    """What is wrong with the bundles, and whether any of them answers."""
    # The engine is slow to import.
    from model.predictor import Predictor

    line = ModelRegistry(store).newest()
    usual = ModelState.IN_USE if line is None else ModelState.CANDIDATE
    answering, names = 0, set[str]()
    for found in find_bundles(settings.bundles):
        names.add(found.name)
        if isinstance(found, Damaged):
            yield CheckFinding(
                f"The bundle {found.problem}", f"Copy {found.path} anew from where it came from."
            )
            continue
        state = line.states.get(found.name, usual) if line else usual
        if not found.runnable or state is ModelState.RETIRED:
            continue
        try:
            Predictor(found, threads=1)
            answering += state is ModelState.IN_USE or found.name == settings.model
        except BundleError as error:
            yield CheckFinding(
                f"The bundle {error}", "Train or export it anew, or take it out of the folder."
            )
    if settings.model not in names and "model" in settings.model_fields_set:
        yield CheckFinding(
            f"There is no bundle {settings.model} in {settings.bundles}, and the server does not start.",
            f"Name one of those that are there in {variable('model')}, or take the setting away.",
        )
    if not answering:
        yield CheckFinding(
            f"No model answers: none of the bundles in {settings.bundles} is in use and can predict.",
            "Put a bundle there, and in use on the page /administration.",
        )
