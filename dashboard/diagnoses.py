"""What the models here tell apart: names, sides and colours of the codes in stored predictions and reviews."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from model.bundle import Bundle, Damaged
from model.taxonomy import LESIONS, Taxonomy, taxonomy_union


@dataclass(frozen=True)
class KnownDiagnoses:
    """Every diagnosis that is known here, whichever model made a prediction, installed or not.

    Attributes:
        every: those of all installed models, and the usual ones.
        by_card: the same by the SHA-256 of an installed model's card; its own names and sides come before others'.
    """

    every: Taxonomy = LESIONS
    by_card: Mapping[str, Taxonomy] = field(default_factory=dict[str, Taxonomy])

    def of(self, model_sha256: str) -> Taxonomy:
        """What to call the codes in a prediction of a model."""
        return self.by_card.get(model_sha256, self.every)

    def ordered(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Codes, each once, in the usual order; those that nobody knows any more come last."""
        wanted = set(codes)
        return (*(code for code in self.every.codes if code in wanted), *sorted(wanted - {*self.every.codes}))


USUAL = KnownDiagnoses()


def known_diagnoses(bundles: Iterable[Bundle | Damaged]) -> KnownDiagnoses:
    """What is known beside these bundles."""
    cards = [bundle.card for bundle in bundles if isinstance(bundle, Bundle)]
    every = taxonomy_union([*(card.taxonomy for card in cards), LESIONS])
    return KnownDiagnoses(every, {card.sha256: taxonomy_union([card.taxonomy, every]) for card in cards})
