"""What a newcomer sees below the way in: a finished result in small, good and bad photographs, the four outcomes."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.examples import EXAMPLE_CHANCE, EXAMPLE_OUTCOMES, EXAMPLE_PREVALENCE
from dashboard.shell.attributes import attributes
from dashboard.shell.text import NEXT_STEPS, NOT_A_DEVICE, OUTCOMES, chance_sentence
from dashboard.shell.verdict import verdict

NOTES = (
    ("The outcome", "One of four, always with the same word, shape and colour."),
    ("How sure it is", "The chance of cancer, and what it means for lesions like this one."),
    ("What to do next", "The advice always agrees with the outcome. You decide, not the model."),
)
GOOD = (
    "One lesion, whole, in the middle",
    "In focus: the lines of the skin can be seen",
    "Even light, no reflection",
)
BAD = ("The lesion is cut off at the edge", "Blurred: the hand or the person moved", "Too dark")


def acknowledgement() -> html.Section:
    """Who this is for and what it is not, until somebody has said that it is understood; intake.js remembers that."""
    return html.Section(
        [
            html.P(NOT_A_DEVICE),
            html.Button("I understand", id="acknowledge", type="button", className="btn btn-primary"),
        ],
        id="acknowledgement",
        className="card-box acknowledgement",
        hidden=True,
        **attributes(aria_label="Before you begin"),
    )


def welcome(names: Sequence[str]) -> html.Div | None:
    """Everything that explains the product; None where no drawn example is installed."""
    if len(names) != len(EXAMPLE_OUTCOMES):
        return None
    return html.Div(
        [
            part("What you get", "A finished result, in small. The picture is a drawing.", result_in_small()),
            part("How to take the photograph", "", photographs_to_take()),
            part("The four outcomes", "Try one. The pictures are drawings, not patients.", outcome_cards()),
        ],
        className="welcome",
    )


def part(title: str, note: str, content: Component) -> html.Section:
    """A part of the page under its title."""
    return html.Section([html.H2(title), html.P(note, className="note") if note else None, content])


def drawing(number: int) -> html.Img:
    """A drawn example."""
    return html.Img(src=local_address(f"/api/v1/examples/{number}"), alt="", width=600, height=450)


def result_in_small() -> html.Div:
    """What the shipped model says of the first example, with a note on each part."""
    lines = (
        verdict("malignant"),
        html.P(chance_sentence(EXAMPLE_CHANCE, EXAMPLE_PREVALENCE)),
        html.Div(
            [html.H3("What to do next", className="label"), html.P(NEXT_STEPS["malignant"])],
            className="next-step",
        ),
    )
    return html.Div(
        [
            drawing(1),
            html.Ol(
                [
                    html.Li([html.Div(line), html.Div([html.H3(title), html.P(words, className="note")])])
                    for line, (title, words) in zip(lines, NOTES, strict=True)
                ]
            ),
        ],
        className="card-box in-small",
    )


def photographs_to_take() -> html.Div:
    """A good photograph and a bad one."""
    return html.Div(
        [
            html.Div(
                [
                    drawing(EXAMPLE_OUTCOMES.index(outcome) + 1),
                    html.Div([html.H3(title), html.Ul([html.Li(line) for line in lines])]),
                ],
                className="card-box to-take",
            )
            for outcome, title, lines in (
                ("benign", "✓ Like this", GOOD),
                ("no_result", "✕ Not like this", BAD),
            )
        ],
        className="pair",
    )


def outcome_cards() -> html.Div:
    """A drawn example for each outcome, to try. It goes the same way as a photograph, and is called drawn there."""
    return html.Div(
        [outcome_card(number, outcome) for number, outcome in enumerate(EXAMPLE_OUTCOMES, 1)],
        className="outcome-cards",
    )


def outcome_card(number: int, outcome: str) -> html.Div:
    """One outcome with its example."""
    return html.Div(
        [
            drawing(number),
            html.H3(verdict(outcome)),
            html.P(NEXT_STEPS[outcome]),
            html.Button(
                "Try this example",
                type="button",
                className="btn btn-outline-secondary",
                **attributes(
                    aria_label=f"Try this example: {OUTCOMES[outcome].short.lower()}, a drawing",
                    data_example=str(number),
                    data_name=f"drawn-example-{number}.jpg",
                ),
            ),
        ],
        className="card-box outcome-card",
    )
