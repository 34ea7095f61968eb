"""How often a result changed a judgement, and in which direction."""

import json

from plotly.utils import PlotlyJSONEncoder

from dashboard.monitoring.judged import judged_rows, judged_table

JUDGED = {
    ("benign", "benign", ""): 10,
    ("benign", "benign", "benign"): 4,
    ("benign", "malignant", "malignant"): 3,
    ("benign", "malignant", ""): 2,
    ("malignant", "benign", "uncertain"): 1,
}


def test_changes_and_their_direction_are_counted() -> None:
    assert {words: (number, of) for words, number, of in judged_rows(JUDGED)} == {
        "Agreed with the model before seeing the result": (14, 20),
        "Disagreed with the model before": (6, 20),
        "Changed the judgement after seeing the result": (4, 20),
        "… to what the model said": (3, 4),
        "… towards malignant": (3, 4),
        "… towards benign": (1, 4),
        "Disagreed, and stayed with the own judgement": (2, 6),
        "Agree with the model now": (17, 20),
    }


def test_the_table_has_counts_and_intervals_and_says_how_to_get_them() -> None:
    shown = json.dumps(judged_table(JUDGED), cls=PlotlyJSONEncoder, ensure_ascii=False)
    assert "4 of 20" in shown and "20.0 %" in shown and "8.1 to 41.6 %" in shown
    nothing = json.dumps(judged_table({}), cls=PlotlyJSONEncoder, ensure_ascii=False)
    assert "Judge first" in nothing
    # Shares of nothing are not defined, and say so.
    one = json.dumps(judged_table({("benign", "benign", ""): 1}), cls=PlotlyJSONEncoder)
    assert "Not defined without cases" in one
