"""Settings of the desk: a key, and whatever JSON the desk keeps there."""

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from moxu.store.database import Database
from moxu.store.records import Json
from moxu.store.storable import storable_json, storable_text
from moxu.store.tables import SettingRow


class Preferences:
    """What can be done with settings."""

    database: Database

    def settings(self) -> dict[str, Json]:
        """Return all settings."""
        with self.database.reading() as session:
            return {row.key: row.value for row in session.scalars(select(SettingRow).order_by(SettingRow.key))}

    def setting(self, key: str, default: Json = None) -> Json:
        """Return one setting, or ``default`` where it was never set."""
        storable_text(key, "the key")
        with self.database.reading() as session:
            row = session.get(SettingRow, key)
            return default if row is None else row.value

    def set_setting(self, key: str, value: Json) -> None:
        """Set a setting; the last one who does has his way."""
        storable_text(key, "the key")
        value = storable_json(value, f"setting {key!r}")
        insert = sqlite.insert if self.database.is_sqlite else postgresql.insert
        with self.database.writing() as session:
            new = insert(SettingRow).values(key=key, value=value)
            session.execute(new.on_conflict_do_update(index_elements=["key"], set_={"value": new.excluded.value}))

    def delete_setting(self, key: str) -> None:
        """Forget a setting, if it is there."""
        storable_text(key, "the key")
        with self.database.writing() as session:
            session.execute(delete(SettingRow).where(SettingRow.key == key))
