"""Who asks, and whether they may: for every route, page and part of a page."""

from flask import current_app, has_app_context, has_request_context
from flask_login import current_user

from dashboard.users.credentials import Visitor
from dashboard.users.roles import Permission

EXTENSION = "dermaboard-users"


def asks_who() -> bool:
    """Whether the running application has a log-in."""
    return has_app_context() and EXTENSION in current_app.extensions


def current_visitor() -> Visitor | None:
    """Who asks; None for somebody who is not logged in, and where there is no log-in."""
    if not (asks_who() and has_request_context()):
        return None
    found = current_user._get_current_object()
    return found if isinstance(found, Visitor) else None


def may(permission: Permission | None) -> bool:
    """Whether whoever asks may do something: everything where there is no log-in, nothing that nobody has named."""
    if not asks_who():
        return True
    visitor = current_visitor()
    return visitor is not None and permission is not None and permission in visitor.permissions
