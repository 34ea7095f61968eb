"""The prediction store: rows in a database, images on disk."""

from dashboard.store.errors import Conflict, InputError, NotFound, QueryError, StoreError
from dashboard.store.grid import grid_query, zone
from dashboard.store.query import AnyOf, Filter, OneOf, Query, Range, Search, Text
from dashboard.store.records import (
    REVIEW_STATES,
    SEXES,
    SOURCES,
    AuditLine,
    Context,
    Latest,
    Page,
    Record,
    Review,
)
from dashboard.store.repository import Store, open_store

__all__ = [
    "REVIEW_STATES",
    "SEXES",
    "SOURCES",
    "AnyOf",
    "AuditLine",
    "Conflict",
    "Context",
    "Filter",
    "InputError",
    "Latest",
    "NotFound",
    "OneOf",
    "Page",
    "Query",
    "QueryError",
    "Range",
    "Record",
    "Review",
    "Search",
    "Store",
    "StoreError",
    "Text",
    "grid_query",
    "open_store",
    "zone",
]
