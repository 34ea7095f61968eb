"""From a source's words to the diagnoses that a network learns, and to benign or malignant."""

import re
from collections.abc import Iterable, Mapping

from model.taxonomy import LESIONS

UNKNOWN = "unknown"
MALIGNANCY: Mapping[str, bool] = {diagnosis.code: diagnosis.malignant for diagnosis in LESIONS}
# What is sure to be squamous cell carcinoma beyond Bowen's disease, which is akiec. Plain "squamous cell carcinoma" may
# hold Bowen's disease (the archive calls most of HAM10000's so) and teaches only malignant against benign.
SQUAMOUS: Mapping[str, str] = {"squamous cell carcinoma, invasive": "scc", "keratoacanthoma": "scc"}
NAMES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"(?<!non[- ])\bmelanoma\b|\blentigo maligna\b", "mel"),
        (r"\bbasal cell carcinoma\b", "bcc"),
        (r"\bactinic kerato|\bcarcinoma in situ\b|\bbowen'?s?\b|\bintraepithelial carcinoma\b", "akiec"),
        (r"\b(seborrh?o?eic|benign|lichenoid|lichen planus[- ]like) keratos[ie]s", "bkl"),
        (r"\b(solar|ink-spot) lentigo\b|\bclear cell acanthoma\b", "bkl"),
        (r"\bdermatofibroma\b", "df"),
        # The archive's name for HAM10000's own, where it has no closer one.
        (
            r"\b(ha?em)?angioma\b|\bangiokeratoma\b|\bpyogenic granuloma\b|\bvascular lesion|^benign .* - vascular$",
            "vasc",
        ),
    )
)
# A nevus is melanocytic where all that is said of it is: not an epidermal or sebaceous nevus, or nevus flammeus.
NEVUS = re.compile(r"\bna?ev(us|i)\b")
SAID_OF_NEVI = re.compile(
    r"((na?ev(us|i)|nos|melanocytic|proliferations?|benign|other|common|acquired|congenital|small|medium|large|giant"
    r"|atypical|dysplastic|clark('?s)?|compound|(intra)?dermal|junctional|acral|genital|special|site|type|blue|cellular"
    r"|balloon|cell|combined|deep|penetrating|halo|lentiginous|recurrent|persistent|reed|spitz|spindle|pigmented|spilus"
    r"|bap-1|deficient|and|or|of|with|no)[ ,/()]*)+"
)
CANCER = re.compile(r"carcinoma|sarcoma|lymphoma|at least one malignant|^malignant\b|mycosis fungoides")
HARMLESS = re.compile(
    r"^benign\b|only benign|\blentigo\b|\bmelanosis\b|melanotic macule|\bcaf. au lait|lymphangioma|\bcyst\b|\bwart"
    r"|verruca|\bscar\b|acrochordon|neurofibroma|\bna?ev(us|i)\b"
)
NOTHING = frozenset(
    {"", "unknown", "unk", "nan", "na", "n/a", "none", "null", "-", "?", "missing", "not reported"}
)


def code_of(text: str) -> str:
    """The diagnosis in HAM10000's column `dx`: a code in any case, or a name.

    Raises:
        ValueError: the text is none of them, nor one of the words for nothing.
    """
    word = text.lower()
    if word in MALIGNANCY:
        return word
    code = diagnosis_of([text])
    if code == UNKNOWN and word not in NOTHING and malignant_by_name(text) is None:
        raise ValueError(f"known are {', '.join(MALIGNANCY)} and {UNKNOWN}")
    return code


def diagnosis_of(names: Iterable[str]) -> str:
    """The code of the first name that is a diagnosis of ours; `unknown` where none is.

    Args:
        names: of one diagnosis, from the most specific to the least.
    """
    for name in names:
        word = " ".join(name.lower().replace("_", " ").split())
        if word in SQUAMOUS:
            return SQUAMOUS[word]
        for pattern, code in NAMES:
            if pattern.search(word):
                return code
        if NEVUS.search(word):
            return "nv" if SAID_OF_NEVI.fullmatch(word) else UNKNOWN
    return UNKNOWN


def malignant_by_name(name: str) -> bool | None:
    """Whether a diagnosis outside of ours is malignant, where its name says so."""
    word = name.lower().replace("_", " ")
    if CANCER.search(word):
        return True
    return False if HARMLESS.search(word) else None


def is_malignant(text: str) -> bool | None:
    """A column that says benign or malignant; None where it says nothing.

    Raises:
        ValueError: the text is none of the usual words.
    """
    word = text.lower()
    if word in NOTHING or word.startswith("indeterminate"):
        return None
    if word in {"1", "1.0", "true", "yes", "malignant"}:
        return True
    if word in {"0", "0.0", "false", "no", "benign"}:
        return False
    raise ValueError("it is 1 or malignant, 0 or benign, or empty")
