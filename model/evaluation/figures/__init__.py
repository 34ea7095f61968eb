"""Data to Plotly figures: pure functions, no store, no settings."""

from model.evaluation.figures import template

template.register()
