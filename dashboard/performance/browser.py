"""What the performance page does in the browser alone, by performance.js, slider.js and turns.js in assets/."""

from dash import MATCH, ClientsideFunction, Input, Output, State, clientside_callback

from dashboard.performance.threshold import CELLS, NUMBERS, TILES


def reading_outputs() -> list[Output]:
    """Tiles, cells and the bar's words that follow the slider, in the order of `read` in performance.js."""
    shown = [(f"tile-{name}{end}", "children") for name, _, _ in TILES for end in ("", "-line")]
    shown += [
        (f"cell-{name}{end}", prop)
        for name, *_ in CELLS
        for end, prop in (("", "children"), ("-share", "children"), ("-box", "style"))
    ]
    shown += [(f"bar-{name}", "children") for name in ("at", "found", "left")]
    return [Output(component, prop) for component, prop in shown]


def number_outputs() -> list[Output]:
    """Rows that follow slider and prevalence, in the order of `weigh` in performance.js."""
    return [Output(f"number-{name}{end}", "children") for name, *_ in NUMBERS for end in ("", "-range")]


def register_scripts() -> None:
    """Register all of it. Called once, where the page is registered."""
    register_slider({"prevent_initial_call": True})
    register_figures({"prevent_initial_call": True})


def register_slider(when: dict[str, bool]) -> None:
    """What follows the threshold, and what the address remembers."""
    # Not the slider itself: a callback a step, for every component there is, would hold up the numbers.
    rested = Input("performance-rested", "data")
    slider, sweep = State("performance-threshold", "value"), State("performance-sweep", "data")
    clientside_callback(ClientsideFunction("slider", "read"), reading_outputs(), rested, sweep, **when)
    # What was moved before the sweep was there; so in `mark`.
    arriving = Input("performance-sweep", "data")
    clientside_callback(ClientsideFunction("slider", "settle"), arriving, **when)
    # Operating points in those figures that are drawn already.
    clientside_callback(ClientsideFunction("performance", "mark"), rested, arriving, slider, **when)
    clientside_callback(
        ClientsideFunction("slider", "weigh"),
        number_outputs(),
        rested,
        Input("performance-prevalence", "value"),
        slider,
        sweep,
        **when,
    )
    # The address, and with it the list of cases, when the slider rests.
    clientside_callback(
        ClientsideFunction("performance", "remember"),
        Output("performance-search", "data", allow_duplicate=True),
        Output("performance-listing", "data"),
        Output("performance-at", "data"),
        rested,
        Input("performance-prevalence", "value"),
        Input("performance-show", "data"),
        Input("performance-page", "data"),
        Input("performance-runs", "value"),
        Input("performance-coloured", "data"),
        slider,
        State("performance-search", "data"),
        State("performance-listing", "data"),
        **when,
    )


def register_figures(when: dict[str, bool]) -> None:
    """When figures are drawn, and what is clicked in them."""
    # In every new body and theme, one figure after another.
    clientside_callback(
        ClientsideFunction("turns", "draw"),
        Output("performance-turns", "data"),
        Input("theme", "data"),
        Input("performance-view", "data"),
    )
    # What a point of a figure lists. Everything else that is clicked needs no callback; performance.js says why.
    clientside_callback(
        ClientsideFunction("performance", "point"),
        Output({"type": "performance-figure", "name": MATCH}, "clickData"),
        Input({"type": "performance-figure", "name": MATCH}, "clickData"),
        **when,
    )
    clientside_callback(
        ClientsideFunction("map", "colour"),
        Output("performance-coloured", "data"),
        Input("performance-colouring", "value"),
        **when,
    )
    # What is drawn around on the map.
    clientside_callback(
        ClientsideFunction("map", "choose"),
        Output({"type": "performance-figure", "name": MATCH}, "selectedData"),
        Input({"type": "performance-figure", "name": MATCH}, "selectedData"),
        **when,
    )
    clientside_callback(
        ClientsideFunction("performance", "outcome"),
        Output("performance-outcome", "value"),
        Input("performance-show", "data"),
        Input("performance-view", "data"),
    )
    clientside_callback(
        ClientsideFunction("performance", "by"),
        Output("performance-matrix", "className"),
        Input("performance-by", "value"),
        **when,
    )
