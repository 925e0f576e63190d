"""Settings of the desk over HTTP: a key, and whatever JSON the desk keeps there."""

from typing import Annotated

from fastapi import Path

from moxu.serve.desk.access import GivenLimits, OpenStore
from moxu.serve.desk.paths import desk_router
from moxu.serve.desk.schema import Setting, SettingEntry
from moxu.serve.desk.sizes import check_json
from moxu.serve.problems import Problem
from moxu.store.records import Json

router = desk_router("/settings")

Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
_NEVER_SET = object()


@router.get("")
def list_settings(store: OpenStore) -> dict[str, Json]:
    """Give all settings."""
    return store.settings()


@router.get("/{key}")
def get_setting(key: Key, store: OpenStore) -> SettingEntry:
    """Give one setting; 404 where it was never set."""
    value = store.setting(key, _NEVER_SET)
    if value is _NEVER_SET:
        raise Problem(404, f"setting {key!r}: was never set", code="missing")
    return SettingEntry(key=key, value=value)


@router.put("/{key}")
def set_setting(key: Key, body: Setting, store: OpenStore, limits: GivenLimits) -> SettingEntry:
    """Set a setting; the last one who does has his way."""
    check_json(body.value, "value", limits)
    store.set_setting(key, body.value)
    return SettingEntry(key=key, value=body.value)


@router.delete("/{key}", status_code=204)
def delete_setting(key: Key, store: OpenStore) -> None:
    """Forget a setting, if it is there."""
    store.delete_setting(key)
