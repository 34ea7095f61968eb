"""Data to Plotly figures: pure functions, no store, no settings."""

from dashboard.figures import template

template.register()
