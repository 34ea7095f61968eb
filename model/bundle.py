"""A trained model on disk: the one contract between training and everything else.

Format 3 names the diagnoses that the network tells apart, and judges close-ups by a calibration and thresholds of their
own. Format 2 had three operating points with a band of uncertain
cases instead of one threshold, and more of what a reviewer asks. Formats 1 and 2 still open, with HAM10000's seven.

bundles/<name>/
  card.json        what it is, and the SHA-256 of every other file
  model.keras      weights (absent for a run kept for comparison)
  graph/           the exported inference graph (absent with the weights)
  history.jsonl    one line an epoch
  scores.parquet   one row an evaluated image, with raw class probabilities
  reference.npz    what the training images look like (absent for a binary model); see model.reference
"""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_origin

from model.calibration import Calibration
from model.modality import Modality
from model.taxonomy import HAM10000, Taxonomy, TaxonomyError, taxonomy_from_json

FORMAT = 3
SHIPPED = Path(__file__).parent / "bundles"
CARD, GRAPH, HISTORY, REFERENCE, SCORES, WEIGHTS = (
    "card.json",
    "graph/model.onnx",
    "history.jsonl",
    "reference.npz",
    "scores.parquet",
    "model.keras",
)
BINARY = ("malignant",)
# Pixels; a card that says more is wrong, and would take the memory of the machine.
LARGEST_INPUT = 4096


class BundleError(ValueError):
    """A bundle cannot be read or written; the message names it and says what is wrong."""


@dataclass(frozen=True)
class OperatingPoint:
    """Two thresholds on the calibrated probability of malignancy: a three-way decision.

    A lesion is called benign below `threshold`, malignant from `malignant` on, and uncertain between them. Where a
    figure needs two sides, everything from `threshold` on counts as positive: what is uncertain has to be looked at.
    `model.evaluation.conformal` says how they are chosen.

    Attributes:
        name: "sensitivity-90", "sensitivity-95" or "sensitivity-97.5".
        sensitivity: aimed at when `threshold` was chosen on the validation split.
        threshold, malignant: probabilities, threshold <= malignant.
        coverage_malignant: stated share of cancers that are not called benign.
        coverage_benign: stated share of benign lesions that are not called malignant; 0 where nothing is stated.
        close_up: the one threshold of close-ups, from which they are called malignant: the stated share of cancers
            lies above it. Below it they are uncertain, since no close-up is called benign. None for a model that knows
            no close-ups.
    """

    name: str
    sensitivity: float
    threshold: float
    malignant: float
    coverage_malignant: float
    coverage_benign: float
    close_up: float | None = None

    def of(self, modality: Modality) -> "OperatingPoint":
        """The point as it judges photographs of one modality."""
        if modality is not Modality.CLOSE_UP or self.close_up is None:
            return self
        return dataclasses.replace(self, threshold=0.0, malignant=self.close_up)


@dataclass(frozen=True)
class Card:
    """What a bundle says of itself. Probabilities and thresholds are between 0 and 1.

    Attributes:
        taxonomy: what the labels of the scores mean, and, but for a binary model, what the outputs stand for.
        classes: the taxonomy's codes, or ("malignant",) for a binary model; the order of the outputs.
        input_size: side of the network's square input in pixels; pixels go in as uint8.
        calibrations: by modality, fitted on the validation split; at least that of dermoscopic photographs.
        operating_points: from the validation split, by rising sensitivity; at least one.
        operating_point: name of the one that is used where none is asked for.
        training: recipe, data, split and its digest, seed, versions, time.
        results: what was measured, by split.
        balanced_rule: `tau` and `priors` by code of `training.choosing.balanced_choice`; empty for a binary model.
        subgroups, robustness: rows of the tables that `model.evaluation.cardtext` prints.
        guard: thresholds of what the predictor warns about.
        facts: what a reviewer asks beyond figures: intended use, data, limits, how to reproduce, openings of the test
            split.
        synthetic: trained on drawn lesions; never for anything but tests and demonstrations.
        created: UTC, ISO 8601.
        files: SHA-256 of every file of the bundle but the card, by its path.
    """

    name: str
    version: str
    purpose: str
    input_size: int
    taxonomy: Taxonomy
    classes: tuple[str, ...]
    calibrations: Mapping[str, Calibration]
    operating_points: tuple[OperatingPoint, ...]
    operating_point: str
    training: Mapping[str, Any]
    results: Mapping[str, Any]
    licence: str
    created: str
    synthetic: bool = False
    balanced_rule: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    subgroups: tuple[Mapping[str, Any], ...] = ()
    robustness: tuple[Mapping[str, Any], ...] = ()
    guard: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sha256: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        if self.classes not in (self.taxonomy.codes, BINARY):
            raise BundleError(f"{self.name}: unknown classes {', '.join(self.classes)}.")
        for name in ("operating_points", "subgroups", "robustness"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for field in dataclasses.fields(self):
            if not is_of_kind(getattr(self, field.name), field.type):
                raise BundleError(f"{self.name}: {field.name} is of the wrong kind.")
        if not 0 < self.input_size <= LARGEST_INPUT:
            raise BundleError(f"{self.name}: the input size is out of range.")
        if Modality.DERMOSCOPIC not in self.calibrations:
            raise BundleError(f"{self.name}: there is no calibration of dermoscopic photographs.")
        for point in self.operating_points:
            if not 0 <= point.threshold <= point.malignant <= 1 or not 0 <= (point.close_up or 0) <= 1:
                raise BundleError(f"{self.name}: the thresholds of {point.name} are not in order.")
        self.point()

    def point(self, name: str | None = None) -> OperatingPoint:
        """The operating point of that name, the default one for None.

        Raises:
            BundleError: there is none of that name; the message names those there are.
        """
        wanted = name or self.operating_point
        for point in self.operating_points:
            if point.name == wanted:
                return point
        names = ", ".join(point.name for point in self.operating_points) or "none"
        raise BundleError(f"{self.name} has no operating point of that name. Available: {names}.")

    def calibration(self, modality: str = Modality.DERMOSCOPIC) -> Calibration:
        """That of a modality; of dermoscopic photographs for one that the card does not know."""
        return self.calibrations.get(modality, self.calibrations[Modality.DERMOSCOPIC])

    def shows_heatmap(self, modality: str) -> bool:
        """Whether heatmaps of a modality are for people: not where they were measured to be no better than chance."""
        measured = self.facts.get("evidence", {}).get(modality, {})
        return bool(measured.get("shown", True))

    @property
    def threshold(self) -> float:
        """From this calibrated probability on the decision is not benign, at the default operating point."""
        return self.point().threshold

    @property
    def target_sensitivity(self) -> float:
        """What the default operating point aims at."""
        return self.point().sensitivity


def is_of_kind(value: object, kind: Any) -> bool:
    """Whether a value from JSON is of a field's type; a whole number will do for a fraction."""
    if kind is float:
        kind = (float, int)
    return isinstance(value, get_origin(kind) or kind) and (kind is bool or not isinstance(value, bool))


@dataclass(frozen=True)
class Bundle:
    """An opened bundle, its files verified; a key for what is remembered of it."""

    path: Path
    card: Card = dataclasses.field(hash=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.card.name

    @property
    def runnable(self) -> bool:
        """Whether the model can predict; without a graph it can only be looked at."""
        return GRAPH in self.card.files

    def read(self, name: str) -> bytes:
        """A file of the bundle, verified as it is read: it may have been replaced since the bundle was opened.

        Raises:
            BundleError: it is missing, or not the file that the card names.
        """
        try:
            data = (self.path / name).read_bytes()
        except OSError as error:
            raise BundleError(f"{self.path.name}: {name} is missing.") from error
        if hashlib.sha256(data).hexdigest() != self.card.files.get(name):
            raise changed_file(self.path, name)
        return data


@dataclass(frozen=True)
class Damaged:
    """A folder among the bundles that cannot be used, and why."""

    path: Path
    name: str
    problem: str


def open_bundle(path: Path) -> Bundle:
    """Read a bundle's card and verify the hash of every file it names.

    Raises:
        BundleError: no card, a damaged or newer one, or a file that is missing or has changed.
    """
    try:
        text = (path / CARD).read_bytes()
        fields = json.loads(text)
        version = fields.pop("format")
        if version > FORMAT:
            raise BundleError(
                f"{path.name}: written by a newer version of Dermaboard (format {version}). Update this one."
            )
        if version == 1:
            fields |= first_format(fields.pop("threshold"), fields.pop("target_sensitivity"))
        fields["taxonomy"] = HAM10000 if version < 3 else taxonomy_from_json(fields.get("taxonomy"))
        if version < 3:
            fields["calibrations"] = {Modality.DERMOSCOPIC: {"temperature": fields.pop("temperature")}}
        fields["calibrations"] = {
            modality: Calibration(**stated) for modality, stated in fields["calibrations"].items()
        }
        fields["operating_points"] = [OperatingPoint(**point) for point in fields["operating_points"]]
        card = Card(**fields, sha256=hashlib.sha256(text).hexdigest())
    except BundleError:
        raise
    except TaxonomyError as error:
        raise BundleError(f"{path.name}: {error}") from error
    except FileNotFoundError as error:
        raise BundleError(f"{path.name}: there is no {CARD}; the folder is not a complete bundle.") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BundleError(f"{path.name}: {CARD} cannot be read ({error}).") from error
    for name, expected in card.files.items():
        file = path / name
        if not file.resolve().is_relative_to(path.resolve()) or not file.is_file():
            raise BundleError(f"{path.name}: {name} is missing.")
        if file_digest(file) != expected:
            raise changed_file(path, name)
    return Bundle(path, card)


def changed_file(path: Path, name: str) -> BundleError:
    """The error for a file of a bundle that is another one than the card says."""
    return BundleError(f"{path.name}: {name} is not the file that was written (its SHA-256 differs).")


def named_bundle(root: Path, name: str) -> Bundle:
    """Open the bundle of a name: that of its folder below `root`.

    Raises:
        BundleError: see `open_bundle`; or its card names another one, for which it must not be taken.
    """
    bundle = open_bundle(root / name)
    if bundle.name != name:
        raise BundleError(f"{name}: its card is that of “{bundle.name}”. Give the folder that name.")
    return bundle


def first_format(threshold: float, sensitivity: float) -> dict[str, Any]:
    """What format 2 has instead of the one threshold of format 1, which knew no uncertain cases."""
    name = point_name(sensitivity)
    point = {"name": name, "sensitivity": sensitivity, "threshold": threshold, "malignant": threshold}
    covered = {"coverage_malignant": sensitivity, "coverage_benign": 0.0}
    return {"operating_points": [point | covered], "operating_point": name}


def point_name(sensitivity: float) -> str:
    """The name of the operating point for a sensitivity: 0.975 is "sensitivity-97.5"."""
    return f"sensitivity-{100 * sensitivity:.4g}"


def find_bundles(root: Path) -> tuple[Bundle | Damaged, ...]:
    """Every bundle directly below a folder, sorted by name; a damaged one never hides the others."""
    bundles: list[Bundle | Damaged] = []
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        if path.is_dir() and not path.name.startswith("."):
            try:
                bundles.append(named_bundle(root, path.name))
            except BundleError as error:
                bundles.append(Damaged(path, path.name, str(error)))
    return tuple(bundles)


def write_bundle(path: Path, card: Card, files: Mapping[str, Path]) -> Bundle:
    """Write a bundle; it appears complete or not at all, replacing one of the same path.

    Args:
        card: `files` and `sha256` are filled in here.
        files: what to copy, by its path inside the bundle.
    """
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for name, source in files.items():
        (partial / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, partial / name)
    hashes = {name: file_digest(partial / name) for name in sorted(files)}
    fields = dataclasses.asdict(dataclasses.replace(card, files=hashes))
    del fields["sha256"]
    partial.mkdir(parents=True, exist_ok=True)
    (partial / CARD).write_text(json.dumps({"format": FORMAT, **fields}, indent=1, sort_keys=True) + "\n")
    old = path.with_name(f".{path.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if path.exists():
        path.rename(old)
    partial.rename(path)
    shutil.rmtree(old, ignore_errors=True)
    return open_bundle(path)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
