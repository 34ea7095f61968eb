"""Data to Dash components: pure functions, no store, no settings."""
