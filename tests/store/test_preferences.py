"""Settings of the desk."""

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moxu.errors import StoreError
from moxu.store.store import Store

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(VALUES)
def test_any_json_comes_back(store: Store, value: Any) -> None:
    store.set_setting("desk", value)
    assert store.setting("desk") == value
    assert store.settings() == {"desk": value}


def test_the_last_value_stays(store: Store) -> None:
    store.set_setting("theme", "day")
    store.set_setting("theme", "night")
    assert store.settings() == {"theme": "night"}


def test_what_was_never_set_is_the_default(store: Store) -> None:
    assert store.setting("theme") is None
    assert store.setting("theme", "day") == "day"


def test_a_setting_can_be_forgotten(store: Store) -> None:
    store.set_setting("theme", None)
    store.delete_setting("theme")
    store.delete_setting("theme")
    assert store.settings() == {}


def test_many_may_set_the_same_new_setting(store: Store) -> None:
    together = threading.Barrier(6)

    def set_it(value: int) -> None:
        together.wait(60)
        store.set_setting("theme", value)

    threads = [threading.Thread(target=set_it, args=(value,)) for value in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.setting("theme") in range(6)


def test_what_cannot_be_stored_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="the key: character 1"):
        store.set_setting("\0", 1)
    with pytest.raises(StoreError, match="setting 'a': not JSON"):
        store.set_setting("a", b"bytes")
