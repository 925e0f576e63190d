"""What Alembic runs to reach a database: the connection is the one that ``moxu.store.schema`` has locked."""

from alembic import context

from moxu.store.tables import VERSION_TABLE, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # SQLite can do it, too: either all steps are made or none
)
with context.begin_transaction():
    context.run_migrations()
