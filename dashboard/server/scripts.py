"""Which scripts a page loads first: libraries that most pages do without come when a page first needs them."""

import re

from dash import Dash

# AG Grid and the Bootstrap components are more than half of what would travel. assets/lazy.js puts stand-ins in
# their place, which fetch the library when the first of its components is drawn.
LATER = ("dash_ag_grid", "dash_bootstrap_components")
# Loaded by Dash for everybody, and used by none of our pages.
NEVER = ("dash/dash_table",)

SCRIPT = re.compile(r'<script src="(?P<address>[^"]*/_dash-component-suites/(?P<path>[^"]*))"></script>\n?')


class LightDash(Dash):
    """Dash whose pages load only the scripts that they need."""

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]
        """The page around every page, as `Dash.interpolate_index`."""
        page: str = super().interpolate_index(**parts | {"scripts": lighter(parts["scripts"])})  # type: ignore[no-untyped-call]
        return page


def lighter(scripts: str) -> str:
    """The script elements of a page without those of NEVER, and with marks for those of LATER."""

    def change(found: re.Match[str]) -> str:
        path = found["path"]
        if path.startswith(NEVER):
            return ""
        library = path.partition("/")[0]
        if library not in LATER:
            return found[0]
        # A type that browsers don't run: only the address is wanted.
        return f'<script type="text/plain" data-library="{library}" data-address="{found["address"]}"></script>\n'

    return SCRIPT.sub(change, scripts)
