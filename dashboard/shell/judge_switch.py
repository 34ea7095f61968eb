"""The switch by which a reader judges first, wherever a page has a place for it; judge.js sends it."""

from dash import html

from dashboard.judging import current_judge
from dashboard.services import Services
from dashboard.shell.attributes import attributes

JUDGE_FIRST = (
    "From then on, you say what you see in a photograph before its result is shown. Results of photographs that were "
    "checked before stay as they are."
)


def judge_switch() -> html.Button:
    """The switch as it stands for whoever asks."""
    on = current_judge(Services.current()).since is not None
    return html.Button(
        "Judge first",
        type="button",
        className="btn btn-sm btn-outline-secondary judge-switch",
        title=JUDGE_FIRST,
        **attributes(data_judge_first="", aria_pressed=str(on).lower()),
    )
