"""Alembic's entry: runs the migrations over the connection that `Database.upgrade` hands in."""

from alembic import context

from ivr.storage.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="ivr.storage.tables.base.",
)
with context.begin_transaction():
    context.run_migrations()
