"""The prediction store: rows in a database, images on disk."""

from dashboard.store.errors import Conflict, InputError, MissingFile, NotFound, QueryError, StoreError
from dashboard.store.fields import Context
from dashboard.store.opening import open_store
from dashboard.store.query import Filter, OneOf, Query, Range, Search, Text, WaitedFor
from dashboard.store.records import (
    REVIEW_STATES,
    SOURCES,
    AuditLine,
    Finding,
    Latest,
    Page,
    Record,
    Review,
)
from dashboard.store.repository import Store

__all__ = [
    "REVIEW_STATES",
    "SOURCES",
    "AuditLine",
    "Conflict",
    "Context",
    "Filter",
    "Finding",
    "InputError",
    "Latest",
    "MissingFile",
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
    "WaitedFor",
    "open_store",
]
