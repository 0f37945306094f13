"""How Alembic runs the migrations: on the connection that is handed in, inside its transaction."""

from alembic import context

from workbench.label_tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
context.run_migrations()
