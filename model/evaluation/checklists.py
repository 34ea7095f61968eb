"""Where a model's card and evaluation answer the items of two reporting checklists, and which they do not.

CLAIM: Tejani et al. 2024, "Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024 Update", Radiology:
Artificial Intelligence 6:e240300. TRIPOD+AI: Collins et al. 2024, BMJ 385:e078378. The items are shortened.
"""

from dataclasses import dataclass

from model.bundle import Card

NOT_DONE = "Not done"


@dataclass(frozen=True)
class ChecklistItem:
    """An item of a checklist.

    Attributes:
        section: of the performance page, where the answer stands; "" where it does not stand there.
        answer: in a few words; NOT_DONE where there is none.
        fact: of the card, without which it is not done either.
    """

    number: str
    item: str
    answer: str = NOT_DONE
    section: str = ""
    fact: str = ""

    def on(self, card: Card) -> "ChecklistItem":
        """The item as a card answers it."""
        stated = not self.fact or bool(card.facts.get(self.fact) or getattr(card, self.fact, None))
        return self if stated else ChecklistItem(self.number, self.item)

    @property
    def done(self) -> bool:
        """Whether there is an answer."""
        return self.answer != NOT_DONE


def _items(*rows: tuple[str, ...]) -> tuple[ChecklistItem, ...]:
    return tuple(ChecklistItem(*row) for row in rows)


CLAIM = _items(
    ("1", "Title names the AI method"),
    ("2", "Structured abstract"),
    ("3", "Background and intended use", "Intended use", "card", "intended_use"),
    ("4", "Aims and hypotheses"),
    ("5", "Prospective or retrospective", "Retrospective: public data sets", "card"),
    ("6", "Goal of the study", "Purpose", "card"),
    ("7", "Sources of the data", "Data, and counts of each source", "sources"),
    ("8", "Inclusion and exclusion"),
    ("9", "Preprocessing", "Input; the code that training and serving share", "card"),
    ("10", "Selection of subsets", "Cases by split", "card", "cases"),
    ("11", "De-identification"),
    ("12", "Missing data", "Unknown is a group of its own", "subgroups"),
    ("13", "Image acquisition", "Modality, source", "sources"),
    ("14", "Reference standard", "How each diagnosis was confirmed", "subgroups"),
    ("15", "Why this reference standard"),
    ("16", "Who annotated"),
    ("17", "Annotation of the test set", "How each diagnosis was confirmed", "subgroups"),
    ("18", "Agreement between raters"),
    ("19", "Assignment to splits", "Split", "card"),
    ("20", "Level at which splits are disjoint", "Lesion", "card"),
    ("21", "Intended sample size"),
    ("22", "Model", "Recipe, input, outputs", "card"),
    ("23", "Software", "Versions", "card"),
    ("24", "Initial weights", "Started from", "card"),
    ("25", "Training", "Recipe, curves, time and machine", "training"),
    ("26", "How the final model was chosen", "The epoch that was best on validation", "training"),
    ("27", "Ensembling", "None", "card"),
    ("28", "Metrics", "Named with each figure", "decisions"),
    ("29", "Uncertainty", "95 % intervals by lesion", "curves"),
    ("30", "Robustness", "Images disturbed on purpose", "robustness", "robustness"),
    ("31", "Explainability", "Heatmaps against random ones", "card", "evidence"),
    ("32", "Internal test", "Test split", "summary"),
    ("33", "External test", "Runs trained without a source", "sources", "elsewhere"),
    ("34", "Registration of a trial"),
    ("35", "Cases included and excluded", "Included cases only", "card", "cases"),
    ("36", "Demographics in each split"),
    ("37", "Performance with uncertainty", "Summary, numbers, curves", "decisions"),
    ("38", "Diagnostic performance and precision", "Numbers at the threshold", "decisions"),
    ("39", "Failure analysis", "The worst errors, the map", "errors"),
    ("40", "Limitations", "Limits", "card", "limits"),
    ("41", "Implications for practice", "Not for; what is not known", "summary"),
    ("42", "Study protocol"),
    ("43", "Availability", "Licence, files by SHA-256, how to reproduce", "card", "reproduce"),
    ("44", "Funding"),
)
TRIPOD_AI = _items(
    ("1", "Title"),
    ("2", "Abstract"),
    ("3a", "Healthcare context", "Intended use", "card", "intended_use"),
    ("3b", "Target population and use", "Intended use; not for", "card", "intended_use"),
    ("3c", "Known health inequalities", "Skin tone: what is not known", "summary"),
    ("4", "Objectives", "Purpose", "card"),
    ("5a", "Sources of data", "Data, and counts of each source", "sources"),
    ("5b", "Dates of the data"),
    ("6a", "Setting and centres", "Sources", "sources"),
    ("6b", "Eligibility"),
    ("6c", "Treatments received"),
    ("7", "Data preparation", "Input; the code that training and serving share", "card"),
    ("8a", "Outcome and how it was assessed", "Diagnosis, and how it was confirmed", "subgroups"),
    ("8b", "Who assessed it"),
    ("8c", "Blinding"),
    ("9a", "Choice of predictors", "The photograph alone", "card"),
    ("9b", "Definition of predictors", "Input", "card"),
    ("9c", "Who assessed predictors", "Nobody: the photograph", "card"),
    ("10", "Sample size"),
    ("11", "Missing data", "Unknown is a group of its own", "subgroups"),
    ("12a", "Use of the data", "Split by lesion", "card"),
    ("12b", "Handling of predictors", "Input", "card"),
    ("12c", "Model and how it was built", "Recipe", "card"),
    ("12d", "Heterogeneity between clusters", "By source", "sources"),
    ("12e", "Measures of performance", "Discrimination, calibration, net benefit", "curves"),
    ("12f", "Updating after evaluation", "None", "card"),
    ("12g", "How predictions are made", "Calibration, operating points", "card"),
    ("13", "Class imbalance", "Recipe; prevalence of the calibration", "card"),
    ("14", "Fairness", "Groups and gaps", "subgroups"),
    ("15", "Output", "Probability and three-way outcome", "decisions"),
    ("16", "Training against evaluation", "Cases by split", "card", "cases"),
    ("17", "Ethical approval"),
    ("18a", "Funding"),
    ("18b", "Conflicts of interest"),
    ("18c", "Protocol"),
    ("18d", "Registration"),
    ("18e", "Sharing of data", "Licence of each source", "card"),
    ("18f", "Sharing of code", "How to reproduce", "card", "reproduce"),
    ("19", "Involvement of patients and the public"),
    ("20a", "Flow of participants"),
    ("20b", "Characteristics", "By age, sex, site, skin tone", "subgroups"),
    ("20c", "Development against evaluation data", "Cases by split", "card", "cases"),
    ("21", "Numbers in each analysis", "Beside each figure", "decisions"),
    ("22", "Full model", "Files by SHA-256", "card"),
    ("23a", "Performance with intervals", "Numbers, curves", "decisions"),
    ("23b", "Heterogeneity of performance", "By source and group", "sources"),
    ("24", "Results of updating", "None", "card"),
    ("25", "Interpretation and fairness", "What is known of this model", "summary"),
    ("26", "Limitations", "Limits", "card", "limits"),
    ("27a", "Poor or missing input", "The guard: no result", "robustness"),
    ("27b", "What users need", "Intended use", "card", "intended_use"),
    ("27c", "Next steps"),
)
CHECKLISTS: dict[str, tuple[ChecklistItem, ...]] = {"CLAIM 2024": CLAIM, "TRIPOD+AI": TRIPOD_AI}


def answered(card: Card, name: str) -> tuple[ChecklistItem, ...]:
    """The items of a checklist as a card answers them."""
    return tuple(item.on(card) for item in CHECKLISTS[name])
