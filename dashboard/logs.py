"""The log, for whoever runs Dermaboard: without patients' data, and with the id of the request behind each line.

An exception is told by its kind and the lines of code it came through. What it says may quote a patient's name or what
was sent, and stays out.
"""

import json
import logging
import os
import re
import secrets
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request

# Set by dashboard/security.py where the connection comes from a named proxy.
FROM_PROXY = "dermaboard.proxy"
HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")

requests_log = logging.getLogger("dashboard.requests")


def request_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return str(g.get("request_id", "")) if has_request_context() else ""


def route_rule() -> str:
    """The rule of the route that answers: an address itself may name a person, or what somebody searched for."""
    return request.url_rule.rule if request.url_rule is not None else "none"


def install_request_ids(server: Flask) -> None:
    """Give every request an id, that of a named proxy where it sends one, and every answer its header."""

    @server.before_request
    def _() -> None:
        given = request.headers.get(HEADER, "") if request.environ.get(FROM_PROXY) else ""
        g.request_id = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        g.asked = time.perf_counter()

    @server.after_request
    def _(response: Response) -> Response:
        response.headers[HEADER] = request_id()
        requests_log.info(
            "%s %s %d",
            request.method,
            route_rule(),
            response.status_code,
            extra={
                "fields": {
                    "method": request.method,
                    "route": route_rule(),
                    "status": response.status_code,
                    "milliseconds": round((time.perf_counter() - g.asked) * 1000, 1),
                }
            },
        )
        return response


class LogLines(logging.Formatter):
    """Lines for people: time, how grave, what, and the request."""

    def format(self, record: logging.LogRecord) -> str:
        """Called by logging."""
        line = f"{moment(record)} {record.levelname.lower()}: {record.getMessage()}"
        if asked := request_id():
            line += f" [request {asked}]"
        return "\n".join([line, *exception_lines(record)])


class JsonLogLines(logging.Formatter):
    """Lines for programs: a JSON object each."""

    def format(self, record: logging.LogRecord) -> str:
        """Called by logging."""
        line: dict[str, Any] = {
            "time": moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if asked := request_id():
            line["request_id"] = asked
        line |= getattr(record, "fields", {})
        if found := exception_lines(record):
            line["exception"] = found
        return json.dumps(line, ensure_ascii=False)


def moment(record: logging.LogRecord) -> str:
    """When something was logged, in UTC."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def exception_lines(record: logging.LogRecord) -> list[str]:
    """The kinds of an exception and of what caused it, each with where it came through."""
    error = record.exc_info[1] if record.exc_info else None
    lines: list[str] = []
    while error is not None:
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        lines += [
            f"  {os.path.relpath(frame.filename)}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        error = error.__cause__ or error.__context__
    return lines


def configure_log(kind: str) -> None:
    """Have this process log to standard error, instead of whatever did so before.

    Args:
        kind: "text" for people, or "json", which has a line for each request, too.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLogLines() if kind == "json" else LogLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    requests_log.setLevel(logging.INFO if kind == "json" else logging.WARNING)
