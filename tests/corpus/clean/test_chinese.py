import sys

import pytest

from moxu.corpus.clean import chinese
from moxu.corpus.clean.chinese import simplify
from moxu.errors import TextError


def test_phrases_decide_where_characters_do_not() -> None:
    assert simplify("乾隆年間，衣服乾了。") == "乾隆年间，衣服干了。"


def test_missing_opencc_is_one_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opencc", None)
    chinese._converter.cache_clear()
    with pytest.raises(TextError, match=r"'simplified' needs OpenCC; pip install 'moxu\[corpus\]'"):
        simplify("霧")
    chinese._converter.cache_clear()
