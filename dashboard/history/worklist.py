"""What there is to do: links of the history to what needs somebody, each with how many."""

from typing import NamedTuple

from dash import Input, Output, callback, dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.judging import as_asked
from dashboard.services import Services
from dashboard.shell.attributes import attributes
from dashboard.shell.browse import browse, lenient


class Work(NamedTuple):
    """Something that there is to do, and the address that lists it."""

    title: str
    search: str


WORK = (
    Work("Needs review", "?review=open"),
    Work("Histology due", "?due=histology"),
    Work("Follow-up due", "?due=follow-up"),
    Work("Model and clinician disagree", "?review=overcalled&review=missed"),
)


def worklist(search: str | None) -> list[Component]:
    """The links; the one whose view is open is marked, and what is empty is pale."""
    services, here = Services.current(), lenient(search)[0].choices
    items: list[Component] = []
    for work in WORK:
        view = browse(work.search)
        page = services.store.page(as_asked(services, view.query(limit=1)))
        count = f"{page.total:,}" if page.exact else f"over {page.total:,}"
        current = {name: set(values) for name, values in here.items()} == {
            name: set(values) for name, values in view.choices.items()
        }
        link = dcc.Link(
            [work.title, html.Strong(count)],
            href=local_address("/history" + work.search),
            className="work" if page.total else "work work-none",
        )
        items.append(html.Li(link, **attributes(aria_current="true" if current else "false")))
    return items


def worklist_place(search: str | None) -> html.Nav:
    """The worklist in its place."""
    return html.Nav(
        html.Ul(worklist(search), id="history-work", className="worklist"),
        **attributes(aria_label="Worklist"),
    )


def register() -> None:
    """The callback that counts anew."""
    callback(
        Output("history-work", "children"),
        Input("history-search", "data"),
        Input("history-stale", "data"),
        prevent_initial_call=True,
    )(count_again)


def count_again(search: str | None, _stale: object) -> list[Component]:
    """The worklist after something has changed, or for another view."""
    return worklist(search)
