"""What can go wrong in the store."""


class StoreError(Exception):
    """The store cannot be opened or used. `str()` is a sentence for whoever runs Dermaboard."""


class NotFound(LookupError):
    """No prediction has this id, or a file of it is gone."""


class QueryError(ValueError):
    """A query names an unknown column or filter, or a value of the wrong kind."""
