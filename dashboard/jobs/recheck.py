"""`python -m dashboard recheck`: every stored photograph is predicted again, and benign results that change are listed.

After an update photographs are read better, or predicted by another model. Nothing is stored: whoever reads the list
decides. Of some photographs only a copy is left that an earlier version made wrongly: it ignored colour profiles and
took the numbers in some DICOM files for colours. No prediction can say what the originals would have come to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import PurePath

from dashboard.services import Services, operating_point_of
from dashboard.store import Query, Record
from dashboard.store.files import STORED_LIMITS
from dashboard.store.summary import same_image
from model.bundle import Bundle
from model.images import Crop, ImageError, cut, decode
from model.outcome import Outcome, outcome_of
from model.predictor import Decision, Prediction, decide

# What earlier versions read wrongly most often; DICOM files often have no ending. Telephones and cameras write colour
# profiles into JPEG files, too, and many others have none: these are counted.
SUSPECT = frozenset({".dcm", ".dicom", ".heic", ".heif", ".tif", ".tiff", ""})
# Photographs whose probability is remembered for other predictions of them.
REMEMBERED = 10_000


@dataclass(frozen=True)
class Rechecked:
    """One stored prediction, and what its photograph comes to now.

    Attributes:
        model: the name and version of the model that was asked.
        probability, outcome: None where it could not be predicted.
        problem: why not, as a sentence.
        wrong_copy: what is kept may not be what was sent.
    """

    record: Record
    model: str
    probability: float | None
    outcome: Outcome | None
    problem: str = ""
    wrong_copy: bool = False

    @property
    def benign(self) -> bool:
        """The model called it benign, whatever cautions stood beside that."""
        return self.record.decision == Decision.BENIGN

    @property
    def changed(self) -> bool:
        """It was benign and no longer is; one without a result because of its cautions may have none again."""
        before = outcome_of(self.record.decision, self.record.cautions)
        return self.benign and self.outcome not in (None, Outcome.BENIGN, before)

    @property
    def unknown(self) -> bool:
        """It was benign, and nobody can know whether it would be now."""
        return self.benign and not self.changed and self.wrong_copy

    @property
    def suspect(self) -> bool:
        """Its file is of a kind that was often read wrongly."""
        return PurePath(self.record.filename).suffix.lower() in SUSPECT


def rechecked_predictions(services: Services) -> Iterator[Rechecked]:
    """Every stored prediction, the newest first, by the model of its name, or the default one where that is gone.

    Raises:
        ModelUnavailable: no model can run.
        StoreError: the store cannot be read.
    """
    since = services.store.profiles_since()
    names = {bundle.name for bundle in services.runnable}

    @lru_cache(maxsize=REMEMBERED)
    def predicted(sha256: str, model: str, crop: Crop | None) -> Prediction:
        data = services.store.files.place.read(services.store.files.image(sha256))
        prediction = services.predictors.get(services.bundle(model)).predict(
            cut(decode(data, STORED_LIMITS), crop)
        )
        # What is remembered is small without it.
        return replace(prediction, heatmap=prediction.heatmap[:0])

    def again(record: Record, bundle: Bundle) -> Rechecked:
        model = f"{bundle.name} {bundle.card.version}"
        copy = wrong_copy(services, record, since)
        try:
            now = predicted(record.sha256, bundle.name, record.crop)
        except FileNotFoundError:
            return Rechecked(record, model, None, None, "Its photograph is missing.", copy)
        except ImageError as error:
            return Rechecked(record, model, None, None, str(error), copy)
        point = record.operating_point if record.operating_point in operating_point_names(bundle) else None
        decision = decide(now.probability, operating_point_of(bundle, point))
        return Rechecked(record, model, now.probability, outcome_of(decision, now.cautions), "", copy)

    for record in services.store.stream(Query()):
        yield again(record, services.bundle(record.model if record.model in names else None))


def operating_point_names(bundle: Bundle) -> frozenset[str]:
    """The names of a bundle's operating points."""
    return frozenset(point.name for point in bundle.card.operating_points)


def wrong_copy(services: Services, record: Record, since: datetime | None) -> bool:
    """Whether the stored copy of a photograph was made by an earlier version, and may be wrong.

    When the photograph is sent again, an exact copy replaces it.
    """
    if since is None or not services.store.files.image(record.sha256).endswith(".jpg"):
        return False
    # A prediction that was made again since has the same copy.
    return any(same.created < since for same in same_image(services.store, record.sha256))


def recheck_report(services: Services) -> Iterator[str]:
    """What `recheck` finds, line by line."""
    number, models = 0, set[str]()
    changed: list[str] = []
    unknown: list[str] = []
    failed: list[str] = []
    uncounted = 0
    for case in rechecked_predictions(services):
        number += 1
        models.add(case.model)
        if case.problem and case.benign:
            failed.append(f"{prediction_line(case.record)}: {case.problem}")
        if case.changed and case.outcome is not None:
            changed.append(
                f"{prediction_line(case.record)}: {case.record.probability:.3f} then, {case.probability:.3f} now, "
                + case.outcome.value.replace("_", " ")
            )
        if case.unknown and case.suspect:
            unknown.append(prediction_line(case.record))
        uncounted += case.unknown and not case.suspect
    yield f"{number:,} predictions were made again, with {', '.join(sorted(models)) or 'no model'}. None was stored."
    yield from titled_list("benign results are not benign now. Look at these lesions again:", changed)
    yield from titled_list("benign results could not be predicted again:", failed)
    yield from titled_list(
        "benign results nobody can know: an earlier version kept these photographs without their colour profile, "
        "or with false colours. Send the files again:",
        unknown,
    )
    if uncounted:
        yield (
            f"{uncounted:,} more benign results are of JPEG, PNG or WebP files from before the update. Where such a "
            "file has a colour profile other than sRGB, as those of many telephones have, its result cannot be known "
            "either: send it again."
        )


def titled_list(title: str, lines: list[str]) -> Iterator[str]:
    """A list with its number and title; nothing for an empty one."""
    if lines:
        yield ""
        yield f"{len(lines):,} {title}"
        yield from lines


def prediction_line(record: Record) -> str:
    """How a prediction is found again."""
    lesion = f", lesion {record.context.lesion}" if record.context.lesion else ""
    return f"  {record.filename}{lesion}, {record.created:%Y-%m-%d}, /history/{record.id}"
