"""Which links of a catalogue lead to its chapters: most have one pattern, and lie below the catalogue."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moxu.corpus.crawl.addresses import Shape, equivalent, folder_of, numbers_of, shape_of
from moxu.corpus.crawl.links import Link
from moxu.corpus.crawl.numbering import Numbers, numbers_in, volume_in

NAVIGATION = re.compile(
    "(?:返回)?(?:首页|首頁|主页|书架|書架|我的书架|登录|登錄|登陆|注册|註冊|搜索|排行榜?|书库|書庫|分类|分類|全本小?说?|完本|"
    "加入书[架签]|加入書[架籤]|投推荐票|推荐票|直达底部|返回顶部|顶部|底部|留言|设置|更多|更多>>|繁体|简体|手机版|电脑版|TXT下载|txt下载|"
    "下载|开始阅读|立即阅读|点击阅读|继续阅读|全文阅读|上一[页頁]|下一[页頁]|上[页頁]|下[页頁]|尾[页頁]|末[页頁]|"
    "(?:章节|全部)?目录|倒序|正序|阅读记录|举报|联系我们|关于我们|查看更多.*|home|login|register|search|next|prev|more)[>»›]*",
    re.IGNORECASE,
)
PAGE_NUMBER = re.compile(r"[\[【第]?\s*\d{1,4}\s*[页頁\]】]?")
OUTLIER = 0.6  # links that share a number; of the others those that have one of their own belong to another book
MOST_UNPROVEN = 1000  # links without numbers, where the address of the catalogue tells nothing either
REPEATED = 0.05  # of the chapters of a hidden list, that the visible one may have as well
FEWEST_UNPROVEN = 3


@dataclass(frozen=True, slots=True)
class Located:
    """A link of a catalogue of several pages: the number of its page, and its place in that."""

    page: int
    place: int
    link: Link


def chapter_links(found: Sequence[Located], catalogue: str) -> list[Located]:
    """Return the links that lead to chapters, in their order; none where no pattern stands out.

    ``catalogue`` is the address of the (first) catalogue page. The best pattern is one whose links have chapters'
    names and share their book's number or folder with the catalogue; of equals, that with the most links.
    """
    shapes = {one.link.url: shape_of(one.link.url) for one in found}
    groups: defaultdict[str, list[Located]] = defaultdict(list)
    own = equivalent(catalogue)
    for one in found:
        if equivalent(one.link.url) != own and not NAVIGATION.fullmatch(one.link.name):
            groups[shapes[one.link.url].pattern].append(one)
    chosen = max(
        (_of_one_book(group, shapes, catalogue) for group in groups.values()),
        key=lambda group: _merit(group, catalogue),
        default=[],
    )
    if not chosen or not _is_proven(chosen, catalogue):
        return []
    return _with_neighbours(_without_doubtful(chosen), found, own)


def _merit(group: Sequence[Located], catalogue: str) -> tuple[int, int]:
    urls = {one.link.url for one in group}
    return 2 * _is_numbered(group) + _is_below(group, catalogue), len(urls)


def _is_proven(group: Sequence[Located], catalogue: str) -> bool:
    if _is_numbered(group) or _is_below(group, catalogue):
        return True
    tells = bool(numbers_of(catalogue)) or folder_of(catalogue).count("/") > 1
    return not tells and FEWEST_UNPROVEN <= len({one.link.url for one in group}) <= MOST_UNPROVEN


def _is_numbered(group: Sequence[Located]) -> bool:
    """Say whether a third of the links have names of chapters, most of them different."""
    names = {one.link.name for one in group if numbers_in(one.link.name).sure}
    urls = {one.link.url for one in group}
    numbers = {numbers_in(name) for name in names}
    return len(names) * 3 >= len(urls) and len(numbers) * 3 >= len(names) and bool(names)


def _is_below(group: Sequence[Located], catalogue: str) -> bool:
    """Say whether most links lie in the catalogue's folder, where that is not the root, or share a number with it."""
    folder, numbers = folder_of(catalogue), set(numbers_of(catalogue))
    in_folder = folder.count("/") > 1 and sum(equivalent(one.link.url).startswith(folder) for one in group)
    sharing = sum(bool(numbers.intersection(numbers_of(one.link.url))) for one in group) if numbers else 0
    return max(in_folder, sharing) * 2 > len(group)


def _of_one_book(group: Sequence[Located], shapes: dict[str, Shape], catalogue: str) -> list[Located]:
    """Leave out the links of other books: those that have another number where the others have that of the book."""
    kept = list(group)
    places = len(shapes[group[0].link.url].values)
    variety = [len({shapes[one.link.url].values[place] for one in kept}) for place in range(places)]
    chapter = max(range(places), key=lambda place: (variety[place], place), default=0)
    numbers = set(numbers_of(catalogue))
    for place in range(places):
        if place == chapter:
            continue
        counted = Counter(shapes[one.link.url].values[place] for one in kept)
        of_book = {value for value in counted if value in numbers}
        if sum(counted[value] for value in of_book) >= min(3, len(kept)) and of_book:
            kept = [one for one in kept if shapes[one.link.url].values[place] in of_book]
        elif counted and max(counted.values()) >= OUTLIER * len(kept):
            kept = [one for one in kept if counted[shapes[one.link.url].values[place]] > 2]
    return kept


def _without_doubtful(group: list[Located]) -> list[Located]:
    """Leave out page numbers among names, and hidden links that do not go on where the visible ones end.

    A list may be hidden until one asks for all of it; so may a trap for programs, which repeats what is there.
    """
    mere_numbers = [one for one in group if PAGE_NUMBER.fullmatch(one.link.name)]
    if len(mere_numbers) * 2 < len(group):
        group = [one for one in group if not PAGE_NUMBER.fullmatch(one.link.name)]
    return _without_traps(group) if any(one.link.hidden for one in group) else group


def _without_traps(group: list[Located]) -> list[Located]:
    seen = {_what_it_is(one.link) for one in group if not one.link.hidden}
    blocks: defaultdict[tuple[int, int], list[Link]] = defaultdict(list)
    for one in group:
        if one.link.hidden:
            blocks[one.page, one.link.block].append(one.link)
    goes_on = {
        place
        for place, links in blocks.items()
        if all(numbers_in(link.name).sure for link in links)
        and sum(_what_it_is(link) in seen for link in links) <= REPEATED * len(links)
    }
    return [one for one in group if not one.link.hidden or (one.page, one.link.block) in goes_on]


def _what_it_is(link: Link) -> tuple[str, Numbers]:
    return volume_in(link.heading), numbers_in(link.name)


def _with_neighbours(chosen: list[Located], found: Iterable[Located], own: str) -> list[Located]:
    """Add links of other patterns in the same lists that have chapters' names: some chapters lie elsewhere."""
    blocks = Counter((one.page, one.link.block) for one in chosen)
    everything = list(found)
    sizes = Counter((one.page, one.link.block) for one in everything)
    urls = {one.link.url for one in chosen}
    places = {(one.page, one.place) for one in chosen}
    return [
        one
        for one in everything
        if (one.page, one.place) in places
        or (
            one.link.url not in urls
            and not one.link.hidden
            and numbers_in(one.link.name).sure
            and blocks[one.page, one.link.block] * 2 >= sizes[one.page, one.link.block]
            and equivalent(one.link.url) != own
        )
    ]
