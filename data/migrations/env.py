"""Runs the revisions on the connection that the caller opened; started by `hatang.data.database`, never by hand."""

from alembic import context

from hatang.data.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
