"""HTML that Jinja writes and Dash does not, from `dashboard/templates`. Every text in it is escaped."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dashboard.addresses import local_address
from dashboard.shell.pictures import prediction_url
from dashboard.shell.scale import zone_words
from dashboard.shell.text import OUTCOMES, percent
from model.points import point_words


def rendered(template: str, **values: Any) -> str:
    """A template with these values, as HTML."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """The templates, with the words and numbers that every page writes alike."""
    templates = Environment(
        loader=PackageLoader("dashboard"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.globals |= {
        "OUTCOMES": OUTCOMES,
        "local_address": local_address,
        "percent": percent,
        "point_words": point_words,
        "prediction_url": prediction_url,
        "zone_words": zone_words,
    }
    return templates
