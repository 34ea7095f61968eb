"""Which diagnoses a network tells apart: a value, which every bundle carries in its card.

Nothing else in the project knows a code. A new set of diagnoses is one more value here, for training to give to a
bundle; bundles with different sets are served side by side.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CODE = re.compile(r"[a-z][a-z0-9_]{0,15}")
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
LONGEST = 100
# What other columns, parts of a filter and choices are called.
RESERVED = frozenset({"benign", "malignant", "none", "unknown"})


class TaxonomyError(ValueError):
    """Diagnoses that cannot be used; the message is a sentence that says why."""


@dataclass(frozen=True)
class Diagnosis:
    """One diagnostic category.

    Attributes:
        code: in data sets and columns; small letters, digits and underscores, at most 16.
        name: for clinicians.
        short: for the rows of a matrix.
        plain: for everybody else.
        noun: what several lesions of the kind are called inside a sentence.
        malignant: its side of the decision.
        colour: sRGB, "#rrggbb", unlike those of decisions.
    """

    code: str
    name: str
    short: str
    plain: str
    noun: str
    malignant: bool
    colour: str

    def __post_init__(self) -> None:
        if not isinstance(self.code, str) or not CODE.fullmatch(self.code) or self.code in RESERVED:
            raise TaxonomyError(f"{self.code!r} cannot be the code of a diagnosis.")
        for name in ("name", "short", "plain", "noun"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text.strip() or len(text) > LONGEST or not text.isprintable():
                raise TaxonomyError(f"The {name} of the diagnosis {self.code} is not a line of text.")
        if not isinstance(self.malignant, bool):
            raise TaxonomyError(f"The diagnosis {self.code} must be malignant or not: true or false.")
        if not isinstance(self.colour, str) or not COLOUR.fullmatch(self.colour):
            raise TaxonomyError(f"The colour of the diagnosis {self.code} is not written like #0072b2.")


@dataclass(frozen=True)
class Taxonomy:
    """The diagnoses that a network tells apart; at least one is malignant and one benign.

    Attributes:
        diagnoses: in the order of the network's outputs and of every array.
        shown: the codes in the order of a matrix, malignant ones first: the cancers that were taken for something
            harmless then stand together, top right.
    """

    diagnoses: tuple[Diagnosis, ...]
    shown: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.codes)) < len(self):
            raise TaxonomyError("Two diagnoses have the same code.")
        if sorted(self.shown) != sorted(self.codes):
            raise TaxonomyError("A matrix must show each diagnosis once.")
        sides = [self[code].malignant for code in self.shown]
        if sides != sorted(sides, reverse=True):
            raise TaxonomyError("A matrix must show the malignant diagnoses first.")
        if len(set(sides)) < 2:
            raise TaxonomyError("There must be at least one malignant diagnosis and one benign.")

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes in the order of the outputs."""
        return tuple(diagnosis.code for diagnosis in self.diagnoses)

    @cached_property
    def malignant(self) -> frozenset[str]:
        """The codes of the malignant diagnoses."""
        return frozenset(diagnosis.code for diagnosis in self.diagnoses if diagnosis.malignant)

    @cached_property
    def columns(self) -> NDArray[np.intp]:
        """The places of the malignant diagnoses among the outputs."""
        return np.flatnonzero([diagnosis.malignant for diagnosis in self.diagnoses])

    @cached_property
    def _by_code(self) -> dict[str, Diagnosis]:
        return {diagnosis.code: diagnosis for diagnosis in self.diagnoses}

    def __getitem__(self, code: str) -> Diagnosis:
        return self._by_code[code]

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __iter__(self) -> Iterator[Diagnosis]:
        return iter(self.diagnoses)

    def __len__(self) -> int:
        return len(self.diagnoses)

    def get(self, code: str | None) -> Diagnosis | None:
        """The diagnosis of a code; None for one that is not among them."""
        return self._by_code.get(code or "")

    def index(self, code: str) -> int:
        """The place of a code among the outputs. Raises ValueError for one that is not among them."""
        return self.codes.index(code)

    def name(self, code: str) -> str:
        """The name of a code; a code that is not among them stands for itself."""
        return self[code].name if code in self else code

    def malignancy(self, probabilities: ArrayLike) -> NDArray[np.float64]:
        """Probability of malignancy (n,) from those of the classes (n, k), or from a binary model's own (n, 1)."""
        values = np.asarray(probabilities, np.float64)
        return np.asarray(values[:, 0] if values.shape[1] == 1 else values[:, self.columns].sum(axis=1))


def taxonomy_from_json(value: Any) -> Taxonomy:
    """A taxonomy as a card has it: what `dataclasses.asdict` makes of one.

    Raises:
        TaxonomyError: a field is missing, unknown or wrong.
    """
    stated = checked_fields(value, ("diagnoses", "shown"), "The taxonomy")
    for name in ("diagnoses", "shown"):
        if not isinstance(stated[name], list):
            raise TaxonomyError(f"The taxonomy's {name} are not a list.")
    if not all(isinstance(code, str) for code in stated["shown"]):
        raise TaxonomyError("The taxonomy's shown are not codes.")
    names = tuple(field.name for field in fields(Diagnosis))
    diagnoses = tuple(Diagnosis(**checked_fields(one, names, "A diagnosis")) for one in stated["diagnoses"])
    return Taxonomy(diagnoses, tuple(stated["shown"]))


def checked_fields(value: Any, names: tuple[str, ...], what: str) -> dict[str, Any]:
    """A JSON object that has exactly these fields."""
    if not isinstance(value, dict) or set(value) != set(names):
        raise TaxonomyError(f"{what} must have the fields {', '.join(names)}, and no others.")
    return value


def taxonomy_union(taxonomies: Iterable[Taxonomy]) -> Taxonomy:
    """Everything that any of them tells apart; of two diagnoses with one code the first stands."""
    by_code: dict[str, Diagnosis] = {}
    shown: dict[str, None] = {}
    for taxonomy in taxonomies:
        by_code |= {one.code: one for one in taxonomy if one.code not in by_code}
        shown |= dict.fromkeys(taxonomy.shown)
    return Taxonomy(
        tuple(by_code.values()), tuple(sorted(shown, key=lambda code: not by_code[code].malignant))
    )


# Colours: Okabe and Ito's scale, told apart by colour-blind eyes, and a brown that is as far from all of it.
_AKIEC = Diagnosis(
    code="akiec",
    name="Actinic keratosis / Bowen's disease",
    short="Actinic / Bowen",
    plain="Early skin cancer from sun damage",
    noun="actinic keratosis or Bowen's disease",
    # Pre-malignant or in situ; the literature on HAM10000 counts it with the malignant classes, and so do we.
    malignant=True,
    colour="#E69F00",
)
_BCC = Diagnosis(
    code="bcc",
    name="Basal cell carcinoma",
    short="Basal cell",
    plain="Skin cancer that rarely spreads",
    noun="basal cell carcinoma",
    malignant=True,
    colour="#56B4E9",
)
_BKL = Diagnosis(
    code="bkl",
    name="Benign keratosis",
    short="Benign keratosis",
    plain="Harmless warty or sun spot",
    noun="benign keratosis",
    malignant=False,
    colour="#009E73",
)
_DF = Diagnosis(
    code="df",
    name="Dermatofibroma",
    short="Dermatofibroma",
    plain="Harmless firm nodule",
    noun="dermatofibroma",
    malignant=False,
    colour="#F0E442",
)
_MEL = Diagnosis(
    code="mel",
    name="Melanoma",
    short="Melanoma",
    plain="Dangerous skin cancer",
    noun="melanoma",
    malignant=True,
    colour="#D55E00",
)
_NV = Diagnosis(
    code="nv",
    name="Melanocytic nevus",
    short="Nevus",
    plain="Mole",
    noun="ordinary moles",
    malignant=False,
    colour="#0072B2",
)
_SCC = Diagnosis(
    code="scc",
    name="Squamous cell carcinoma",
    short="Squamous cell",
    plain="Skin cancer that can spread",
    noun="squamous cell carcinoma",
    malignant=True,
    colour="#6B4226",
)
_VASC = Diagnosis(
    code="vasc",
    name="Vascular lesion",
    short="Vascular",
    plain="Harmless blood-vessel spot",
    noun="vascular lesions",
    malignant=False,
    colour="#CC79A7",
)

# HAM10000's (Tschandl et al. 2018, doi:10.1038/sdata.2018.161); also those of every bundle whose card names none.
HAM10000 = Taxonomy(
    diagnoses=(_AKIEC, _BCC, _BKL, _DF, _MEL, _NV, _VASC),
    shown=("mel", "bcc", "akiec", "nv", "bkl", "df", "vasc"),
)
# Invasive squamous cell carcinoma and keratoacanthoma apart; Bowen's disease stays with actinic keratosis.
LESIONS = Taxonomy(
    diagnoses=(_AKIEC, _BCC, _BKL, _DF, _MEL, _NV, _SCC, _VASC),
    shown=("mel", "scc", "bcc", "akiec", "nv", "bkl", "df", "vasc"),
)
