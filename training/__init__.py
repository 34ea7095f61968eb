"""How a bundle is made: cases, pixels, recipes, training, evaluation and export. Imports model, never the dashboard."""
