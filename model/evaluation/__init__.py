"""What stored scores say of a model: metrics with intervals, figures, reports and the text of a card."""
