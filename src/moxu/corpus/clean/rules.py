"""All cleaning rules, in the order in which they run; docs/cleaning.md shows what each does."""

from collections.abc import Mapping
from types import MappingProxyType

from moxu.corpus.clean import (
    addresses,
    adverts,
    characters,
    chinese,
    markup,
    notes,
    paging,
    punctuation,
    repetitions,
    sites,
    spacing,
)
from moxu.corpus.clean.rule import SCENE, BookRule, Rule, TextRule, TitledRule

VERSION = 2
"""Goes up when a rule does something else than before, so that what was built by it can be told apart."""

_ORDER: tuple[Rule, ...] = (
    TextRule(
        "invisible",
        "characters that show nothing: control, zero width, direction",
        "不可见字符",
        of_titles=True,
        clean=characters.remove_invisible,
        needs=characters.INVISIBLE,
    ),
    TextRule("markup", "tags and entities of HTML", "网页标记", of_titles=True, clean=markup.unmark, needs="<&"),
    TextRule(
        "unicode",
        "characters in a form of their own: composed, usual",
        "字符规范",
        of_titles=True,
        clean=characters.compose,
        needs=characters.FORMS,
    ),
    TextRule(
        "lost",
        "glyphs that were lost become □",
        "缺字",
        of_titles=True,
        clean=characters.mark_lost,
        needs=characters.LOST_MARKS,
    ),
    TitledRule(
        "adverts", "slogans of sites, requests for votes", "广告求票", of_titles=True, clean=adverts.remove_adverts
    ),
    TitledRule(
        "sites",
        "names and addresses of sites",
        "站名网址",
        of_titles=True,
        clean=sites.remove_sites,
        needs=addresses.MARKS,
    ),
    TextRule(
        "paging", "marks of pages and of unfinished chapters", "分页残留", of_titles=True, clean=paging.remove_paging
    ),
    TextRule(
        "navigation",
        "lines of a site's buttons",
        "导航文字",
        clean=paging.remove_navigation,
        needs="一返回加放存推报举列我",
    ),
    TextRule("notes", "what authors say beside the story", "作者的话", default=False, clean=notes.remove_notes),
    TextRule(
        "scenes",
        "lines of ornaments become an empty paragraph",
        "分隔线",
        clean=spacing.part_scenes,
        needs=spacing.ORNAMENTS + SCENE,
    ),
    TextRule(
        "width",
        "full-width letters and digits in half width",
        "全角字母",
        of_titles=True,
        clean=characters.narrow,
        needs=characters.WIDE,
    ),
    TextRule(
        "ellipses",
        "rows of dots become ……",
        "省略号",
        of_titles=True,
        clean=punctuation.join_dots,
        needs=".。．・·•…",
    ),
    TextRule(
        "dashes",
        "rows of hyphens become ——",
        "破折号",
        of_titles=True,
        clean=punctuation.join_dashes,
        needs="－─━―–ー—\\-",
    ),
    TextRule(
        "punctuation",
        "half-width punctuation after ideographs in full width",
        "半角标点",
        of_titles=True,
        clean=punctuation.widen,
        needs=",;:!?.(",
    ),
    TextRule(
        "quotes",
        "straight quotes become curved pairs",
        "直引号",
        of_titles=True,
        clean=punctuation.pair_quotes,
        needs="\"'＂＇〝〞〟",
    ),
    TextRule(
        "corners",
        "corner brackets become curved quotes",
        "直角引号",
        default=False,
        of_titles=True,
        clean=punctuation.round_corners,
        needs="「」『』",
    ),
    TextRule(
        "repeats", "rows of the same punctuation are shortened", "重复标点", of_titles=True, clean=punctuation.calm
    ),
    TextRule("spaces", "indents, and blanks that part no words", "空白", clean=spacing.trim, needs=spacing.SPACE),
    TextRule(
        "closed",
        "all blanks between ideographs go",
        "字间空白",
        default=False,
        clean=spacing.close_up,
        needs=spacing.SPACE,
    ),
    TextRule(
        "gaps",
        "marks of lost glyphs go",
        "删去缺字",
        default=False,
        clean=characters.drop_lost,
        needs=characters.LOST,
    ),
    TextRule(
        "simplified",
        "traditional characters become simplified",
        "繁体转简体",
        default=False,
        of_titles=True,
        clean=chinese.simplify,
    ),
    TextRule(
        "variants",
        "rare shapes of characters become the usual ones",
        "异体字",
        default=False,
        of_titles=True,
        clean=chinese.usual_shapes,
        needs=chinese.VARIANTS,
    ),
    TextRule("doubled", "a paragraph that comes twice in a row", "重复段落", clean=repetitions.drop_doubled),
    BookRule("title-line", "a first line that says the title again", "重复标题", clean=repetitions.drop_title_line),
    BookRule("boilerplate", "the same short line in many chapters", "重复短行", clean=repetitions.drop_boilerplate),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _ORDER})
