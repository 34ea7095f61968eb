"""Alembic migrations of the prediction store; open_store runs them."""
