"""From traditional to simplified characters, and from rare shapes of characters to the usual ones."""

from functools import cache
from typing import Any

from moxu.errors import TextError

_VARIANTS = dict(
    zip(
        map(
            ord, "衹祇秖廻囘囬躱甦倐欵牕牎朶峩鵞搃縂緫恠畧畆斈觧觔踪迹牀羣峯綫爲説内眞户産没温汙汚吿脚却卽旣强擧歎唘啟"
        ),
        "只只只回回回躲苏倏款窗窗朵峨鹅总总总怪略亩学解斤踪迹床群峰线为说内真户产没温污污告脚却即既强举叹启启",
        strict=True,
    )
)


@cache
def _converter() -> Any:
    try:
        import opencc
    except ImportError:
        raise TextError("the rule 'simplified' needs OpenCC; pip install 'moxu[corpus]'") from None
    return opencc.OpenCC("t2s")


def simplify(text: str) -> str:
    """Write simplified characters, by OpenCC's tables of characters and phrases; TextError when it is missing."""
    simplified: str = _converter().convert(text)
    return simplified


def usual_shapes(text: str) -> str:
    """Write the usual shape of a character where a text has a rare or an old one."""
    return text.translate(_VARIANTS)


VARIANTS = "".join(map(chr, _VARIANTS))
