"""Addresses below the path that a proxy shows us at, such as /derma."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, current_app, has_app_context

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def local_address(path: str) -> str:
    """What a browser has to ask for to get one of our paths, such as `/history`."""
    root = str(current_app.config["APPLICATION_ROOT"]) if has_app_context() else ""
    return root.rstrip("/") + path


def serve_below_prefix(server: Flask, prefix: str) -> None:
    """Put all of our addresses below a prefix, `""` for none."""
    server.config["APPLICATION_ROOT"] = prefix or "/"
    if prefix:
        server.wsgi_app = Prefixed(server.wsgi_app, prefix)  # type: ignore[method-assign]


class Prefixed:
    """Takes the prefix off the addresses that are asked for; some proxies do that themselves."""

    def __init__(self, app: Wsgi, prefix: str) -> None:
        self.app, self.prefix = app, prefix

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The application's answer, as WSGI has it."""
        path = str(environ.get("PATH_INFO", ""))
        if f"{path}/".startswith(f"{self.prefix}/"):
            path = path[len(self.prefix) :] or "/"
        return self.app(environ | {"SCRIPT_NAME": self.prefix, "PATH_INFO": path}, start_response)
