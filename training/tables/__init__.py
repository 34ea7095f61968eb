"""Tables of cases as people and publishers have them."""

HAM10000 = "lesion_id, image_id, dx, dx_type, age, sex, localization"


class CasesError(ValueError):
    """The tables or the image folders cannot be used; the message says what to change."""
