"""Data to Plotly figures: pure functions, no store, no settings."""

from model.figures import template

template.register()
