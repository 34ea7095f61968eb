"""What Alembic runs: the migrations, on the connection that dashboard.store.database hands over."""

from alembic import context

from dashboard.store.user_tables import users

context.configure(
    connection=context.config.attributes["connection"],
    # With all tables: whoever imports those of users has the others, too.
    target_metadata=users.metadata,
    # SQLite cannot alter a column in place; batch mode copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
