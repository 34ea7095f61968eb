"""Which requests are answered: the host names of the server, and no requests that another web site triggers."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard.api.problems import Problem
from dashboard.logs import FROM_PROXY
from dashboard.settings import Settings, variable

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
READS = frozenset({"GET", "HEAD", "OPTIONS"})
PORTS = {"http": 80, "https": 443}

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def refuse_foreign_requests(server: Flask, settings: Settings) -> None:
    """Check every request first, and read forwarded headers only where a named proxy sent them."""
    names = LOOPBACK | {settings.host.lower(), *settings.hosts}

    @server.before_request
    def _() -> None:
        refuse_unknown_host(names)
        if request.method not in READS or request.path.startswith("/exports/"):
            refuse_other_origins()

    if settings.proxy:
        server.wsgi_app = Forwarded(server.wsgi_app, settings.proxy)  # type: ignore[method-assign]


def refuse_unknown_host(names: frozenset[str]) -> None:
    """Refuse foreign host names: otherwise a web site whose name points here could read everything.

    The address at which the connection came in is always accepted: no web site can have a number as its name.

    Raises:
        Problem: 421.
    """
    name, here = hostname(request.host), request.environ["SERVER_NAME"]
    if name is None or name not in (names | {here} if numeric_address(here) else names):
        raise Problem(
            421,
            "unknown_host",
            f"This server does not answer to the name “{request.host[:255]}”. If it should, name it in "
            f"{variable('hosts')}.",
        )


def hostname(host: str) -> str | None:
    """The name or address of a Host header, without its port; None where it has none."""
    bare = host if host.count(":") < 2 or host.startswith("[") else f"[{host}]"
    try:
        name = urlsplit(f"//{bare}").hostname
    except ValueError:
        return None
    return name.rstrip(".") if name else None


def refuse_other_origins() -> None:
    """Refuse requests that a page of another origin triggers. Programs send none of the three headers.

    Raises:
        Problem: 403.
    """
    pages = [request.headers[name] for name in ("Origin", "Referer") if name in request.headers]
    schemes = (request.scheme, "https") if pages else ()
    ours = {origin_of(f"{scheme}://{request.host}") for scheme in schemes}
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in ("same-origin", "none") or not all(origin_of(page) in ours for page in pages):
        raise Problem(403, "cross_site", "Another web site may not send, change or take anything here.")


def origin_of(page: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an address; None for what has none of them, such as the origin “null”."""
    try:
        parts = urlsplit(page)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname.rstrip("."), port) if parts.hostname else None


class Forwarded:
    """X-Forwarded-For, -Proto and -Host of one proxy, where the connection comes from one that is named."""

    def __init__(self, app: Wsgi, proxies: Iterable[str]) -> None:
        self.direct = app
        self.behind = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self.proxies = [ipaddress.ip_network(proxy) for proxy in proxies]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The application's answer, as WSGI has it."""
        named = self.is_proxy(environ.get("REMOTE_ADDR", ""))
        app = self.behind if named else self.direct
        return app(environ | {FROM_PROXY: named}, start_response)

    def is_proxy(self, sender: str) -> bool:
        """Whether a connection from this address is a proxy's."""
        address = numeric_address(sender)
        return address is not None and any(address in network for network in self.proxies)


def numeric_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The numeric address in a text, IPv4 also where IPv6 carries it; None for anything else."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
