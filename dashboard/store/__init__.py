"""The prediction store: rows in a database, images on disk."""

from dashboard.store.errors import NotFound, QueryError, StoreError
from dashboard.store.grid import grid_query, zone
from dashboard.store.query import AnyOf, Filter, OneOf, Query, Range, Text
from dashboard.store.records import Page, Record
from dashboard.store.repository import Store, open_store

__all__ = [
    "AnyOf",
    "Filter",
    "NotFound",
    "OneOf",
    "Page",
    "Query",
    "QueryError",
    "Range",
    "Record",
    "Store",
    "StoreError",
    "Text",
    "grid_query",
    "open_store",
    "zone",
]
