"""Attributes whose names have hyphens, which Python's keywords have not."""

from typing import Any


def attributes(**values: Any) -> dict[str, Any]:
    """`**attributes(aria_label="Pages")` gives a component the attribute `aria-label`."""
    return {name.replace("_", "-"): value for name, value in values.items()}
