"""Tables of cases as people and publishers have them."""


class CasesError(ValueError):
    """The tables or the image folders cannot be used; the message says what to change."""
