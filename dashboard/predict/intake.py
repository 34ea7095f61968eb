"""How photographs get in: the drop zone, the camera and the drawn examples."""

from collections.abc import Sequence

from dash import html

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from model.images import NAMES, SUFFIXES, Limits

# What the file chooser offers first; the server looks at the bytes, never at the name.
ACCEPT = ",".join(["image/*", *sorted(SUFFIXES)])


def drop_zone(limits: Limits) -> html.Div:
    """A zone to drop files on, which is also the label of a file chooser that intake.js puts beside it."""
    most = f"{limits.max_bytes / 1e6:.0f} MB and {limits.max_pixels / 1e6:.0f} megapixels"
    return html.Div(
        [
            html.Div(id="chooser-place"),
            html.Div(id="camera-place"),
            html.Label(
                [
                    html.Span(className="icon icon-photographs", **attributes(aria_hidden="true")),
                    html.Span(
                        [
                            html.Span("Choose photographs", className="btn btn-primary"),
                            html.Span(
                                ["or drop them here, or paste with ", html.Kbd("Ctrl"), "+", html.Kbd("V")]
                            ),
                        ],
                        className="drop-words",
                    ),
                    html.Span(
                        f"{NAMES}. Up to 100 at a time, each up to {most}.",
                        id="drop-note",
                        className="note",
                    ),
                ],
                htmlFor="file-chooser",
            ),
            html.Button(
                [html.Span(className="icon icon-camera", **attributes(aria_hidden="true")), "Use the camera"],
                id="camera",
                type="button",
                className="btn btn-outline-secondary camera",
                hidden=True,
            ),
        ],
        id="drop-zone",
        className="drop-zone",
        **attributes(data_limit=limits.max_bytes, data_accept=ACCEPT),
    )


def camera_dialog() -> html.Dialog:
    """What a computer's camera sees, and a button to take it; a phone opens its own camera instead."""
    return html.Dialog(
        [
            html.H2("Take a photograph", id="camera-title"),
            html.P("One lesion in the middle, in focus and evenly lit.", className="note"),
            html.Video(
                muted=True, playsInline=True, className="camera-view", **attributes(aria_label="Camera")
            ),
            html.P(id="camera-error", role="alert"),
            html.Div(
                [
                    html.Button(
                        "Take photograph",
                        id="camera-shoot",
                        type="button",
                        className="btn btn-primary",
                        disabled=True,
                    ),
                    html.Button(
                        "Cancel", id="camera-close", type="button", className="btn btn-outline-secondary"
                    ),
                ],
                className="actions",
            ),
        ],
        id="camera-dialog",
        className="dialog",
        **attributes(aria_labelledby="camera-title"),
    )


def example_buttons(names: Sequence[str]) -> html.Div | None:
    """Drawn pictures to try. They go the same way as a photograph, and are called drawn wherever they show."""
    if not names:
        return None
    buttons = [
        html.Button(
            html.Img(src=local_address(f"/api/v1/examples/{number}"), alt="", width=96, height=72),
            type="button",
            className="example",
            title=f"Try drawn example {number}",
            **attributes(
                aria_label=f"Try drawn example {number}",
                data_example=str(number),
                data_name=f"drawn-example-{number}.jpg",
            ),
        )
        for number in range(1, len(names) + 1)
    ]
    words = html.P(
        [html.Strong("No photograph at hand?"), " Try a drawn example. These are drawings, not patients."]
    )
    return html.Div([words, html.Div(buttons, className="example-row")], className="examples")


def no_model(problems: Sequence[str]) -> html.Div:
    """What to do when nothing can answer."""
    damaged = (
        [html.Ul([html.Li(sentence) for sentence in problems], className="warnings")] if problems else []
    )
    return html.Div(
        [
            html.H2("No model is installed yet"),
            html.P(
                "Photographs can be checked as soon as a trained model lies in the bundles folder. The shipped model "
                "comes with the repository; to make one, run these commands and start the dashboard again:"
            ),
            html.Pre(
                "python -m training prepare --metadata HAM10000_metadata.csv --images FOLDER\n"
                "python -m training train dermanet\n"
                "python -m training evaluate dermanet\n"
                "python -m training export dermanet"
            ),
            *damaged,
        ],
        className="card-box no-model",
        role="status",
    )
