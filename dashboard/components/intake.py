"""How photographs get in: the drop zone, the drawn examples, the choice of model, and a place for each file."""

from collections.abc import Sequence

from dash import dcc, html

from dashboard.components.attributes import attributes
from model.bundle import Bundle
from model.images import Limits

# What the file chooser offers first; the server looks at the bytes, never at the name.
ACCEPT = "image/jpeg,image/png,image/webp,image/tiff,.jpg,.jpeg,.png,.webp,.tif,.tiff"


def drop_zone(limits: Limits) -> html.Div:
    """A zone to drop files on, which is also the label of a file chooser that upload.js puts beside it."""
    most = f"{limits.max_bytes / 1e6:.0f} MB and {limits.max_pixels / 1e6:.0f} megapixels"
    limit = f"JPEG, PNG, WebP or TIFF, up to {most} each"
    return html.Div(
        [
            html.Div(id="chooser-place"),
            html.Label(
                [
                    html.I(className="bi bi-images drop-icon", **attributes(aria_hidden="true")),
                    html.Span(
                        [
                            html.Span("Choose photographs", className="btn btn-primary"),
                            html.Span("or drop them here"),
                        ],
                        className="drop-words",
                    ),
                    html.Span(limit, id="drop-note", className="note"),
                ],
                htmlFor="file-chooser",
            ),
        ],
        id="drop-zone",
        className="drop-zone",
        **attributes(data_limit=limits.max_bytes, data_accept=ACCEPT),
    )


def example_buttons(names: Sequence[str]) -> html.Div | None:
    """Drawn pictures to try. They go the same way as a photograph, and are called drawn wherever they show."""
    if not names:
        return None
    buttons = [
        html.Button(
            html.Img(src=f"/api/v1/examples/{number}", alt="", width=96, height=72),
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


def model_choice(bundles: Sequence[Bundle], chosen: str | None) -> html.Div:
    """Which model answers: a choice when there are several, its name otherwise."""
    options = [{"label": f"{bundle.name} {bundle.card.version}", "value": bundle.name} for bundle in bundles]
    dropdown = dcc.Dropdown(
        options,
        chosen,
        id="model",
        clearable=False,
        searchable=False,
        persistence=True,
        className="model-dropdown",
    )
    several = len(bundles) > 1
    shown = html.Label(["Model", dropdown], className="model-label", hidden=not several)
    name = html.Span(["Model ", html.Strong(options[0]["label"])], hidden=several) if options else None
    return html.Div(
        [shown, name, dcc.Link("How good is it?", href="/performance", className="action")],
        className="model-choice",
    )


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


def slot(key: str, filename: str) -> html.Article:
    """The place of one file: its progress, then its result or its own error. Ids are shared with upload.js."""
    waiting = html.Div(
        [
            html.Div(html.Img(className="preview", alt=""), className="skeleton skeleton-image"),
            html.Div(
                [html.Div(className="skeleton skeleton-line") for _ in range(5)], className="skeleton-lines"
            ),
        ],
        className="result waiting",
        **attributes(aria_hidden="true"),
    )
    head = html.Div(
        [
            html.Bdi(filename, className="filename", title=filename),
            html.Span("Waiting", id={"type": "status", "key": key}, className="slot-status"),
            html.Div(
                html.Div(),
                className="progress-line",
                role="progressbar",
                **attributes(aria_label="Upload", aria_valuemin="0", aria_valuemax="100", aria_valuenow="0"),
            ),
        ],
        className="slot-head",
    )
    return html.Article(
        [
            dcc.Store(id={"type": "stored", "key": key}),
            html.Div([head, waiting], id={"type": "answer", "key": key}),
        ],
        id={"type": "slot", "key": key},
        className="slot",
        **attributes(aria_label=filename),
    )
