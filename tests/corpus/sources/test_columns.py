"""Columns of tables are known by the names that people give them."""

import pytest

from moxu.corpus.sources.columns import columns_of
from moxu.errors import TextError


def test_columns_have_the_names_that_people_give_them() -> None:
    assert columns_of(["content", "book", "license", "chapter"], None) == {
        "text": "content",
        "title": "book",
        "licence": "license",
        "heading": "chapter",
    }
    assert columns_of(["text", "body"], "body")["text"] == "body"
    with pytest.raises(TextError, match="no column body"):
        columns_of(["text"], "body")
