"""How a bundle is made: cases, pixels, recipes, fit, evaluation, export. Imports model, never dashboard."""
