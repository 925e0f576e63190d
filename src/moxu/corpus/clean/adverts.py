"""Adverts of sites, and what authors ask of their readers: lines of their own, in brackets, or within a line.

Within a line only what no story says is cut: a slogan that leads to an address, or that begins a sentence.
"""

import re
from collections.abc import Iterator

from moxu.corpus.clean.addresses import NAME, SITE_MARK, URL
from moxu.corpus.clean.fragments import sentence_before, with_fragments
from moxu.corpus.clean.spans import cut, in_brackets, lines_with
from moxu.corpus.clean.speech import quotation_around, quotations
from moxu.corpus.clean.vocabulary import unknown

_LONGEST = 120  # characters of a line that may be an advert as a whole
_QUOTES = "“”"

_SLOGAN = (
    "手机(?:用户|阅读|看书|版|端)[，,]?请您?(?:浏览|访问|到|登[录陆]|上)|(?:手机|电脑)请(?:浏览|访问)"
    "|(?:电脑|手机)[站版端][:：]?请?访问|(?:更多)?(?:精彩|最新|全文|最快|免费)(?:章节|小说|内容|阅读|更新){1,2}[，,]?(?:请|尽在|就[到上来])"
    "|最新(?:最快)?章节(?:更新|列表|阅读|目录)?[，,]?(?:请|尽在|就[到上来])"
    "|天才一秒|请?一秒钟?记住(?=[本【\\[，,：: ])|请?(?:牢记|记住|收藏)(?:本站|本书首发|本书域名|我们的(?:域名|网址))"
    '|(?:百度|谷歌|搜狗)(?:搜索|一下|搜)[“"「【『][^”\n。！]{1,20}[”"」】』](?:就能|可以|即可)?(?:看|阅读|查看|更新|最新|第一)'
    "|(?:欢迎|请)(?:广大)?(?:书友|读者|您|大家)?们?(?:光临|访问|登[录陆])(?:本站|阅读|浏览|网站)"
    "|喜欢(?:本书|这部作品|这本书|本文)?的?(?:朋友|书友|读者|亲)?们?请(?:大家)?(?:收藏|加入书|投票)"
    "|喜欢[^，。！？\n]{1,20}请大家收藏[:：](?:[^\n。]{0,60}更新速度(?:全网)?最快)?"
    "|如果您?喜欢(?:这部作品|本书|这本书)[，,](?:欢迎|请)"
    "|(?:请|快来|欢迎|大家)?(?:关注|搜索|添加)(?:作者|本站|官方|我)?的?(?:微信)?(?:公众号|公众平台|微信号)[:：“「【(（，,]"
    "|(?:微信|薇信|威信)(?:公众)?号[:：]|扫(?:描|一扫)?(?:[下上]方二维码|二维码(?:关注|下载|加入))"
    "|(?:(?:官方|书友|读者|粉丝|书迷|交流|VIP){0,3} ?(?:QQ|qq|ＱＱ|扣扣|企鹅) ?(?:书友|读者|粉丝|交流)?群?号?码?"
    "[:：为 ]{0,3}[0-9０-９]{6,})"
    "|(?:书友|读者|粉丝|书迷|交流)群号?码?[:：为 ]{0,3}[0-9０-９]{6,}"
    "|请?下载本站|各位书友要是觉得|章节错误[，,]点此举报|(?:下载|安装)[^，。！？\n]{0,12}(?:APP|app|客户端|阅读器)[，,]?(?:免费|畅读|随时)"
    "|(?:加入|放入|添加)书[签架][，,]?(?:方便|以便|下次)|方便您?(?:下次|以后)(?:继续)?阅读"
    "|本(?:书|文|章|小说)(?:最新章节)?(?:首发于?|独家首发|最快更新)(?:网站|域名|地址|[:：]|，请)"
    "|(?:TXT|txt|全本|全集|全文)(?:电子书|小说|全集)?(?:免费)?(?:下载|阅读)(?:地址|尽在|请|就|[:：])"
    "|(?:更新速度|全网更新|更新)(?:全网)?最快|全网最快更新|无弹窗(?:广告|小说|阅读|全文)"
    "|您的支持[，,]?(?:就)?是(?:我|作者)(?:们)?(?:继续|创作|写作)*的?最大的?动力"
    "|(?:请支持|支持)正版(?:订阅|阅读)|正版(?:订阅|阅读)(?:请|尽在)"
)
_TAIL = (
    "(?:阅读|观看|访问|免费阅读|最新章节|手机版)?"
    "(?:[，,]?(?:更优质的?|享受更好的?|更好的?|更)?(?:阅读)?体验(?:更佳)?)?[。！!]?"
)
_NEAR = 50  # characters after the first words of a slogan, within which its last words are
_END = "。！？!?\n"
_LEAD = "(?:小说|本书|本站|更多)?(?:《[^《》\n]{1,20}》)?"
_FOUND = re.compile(f"{_LEAD}(?:{_SLOGAN})")
_TO_ADDRESS = re.compile(f"[^{_END}{_QUOTES}]{{0,30}}?(?:{URL}|{NAME}){_TAIL}")
_TO_READING = re.compile(f"[^{_END}{_QUOTES}]{{0,40}}?(?:阅读体验|继续阅读|免费阅读|阅读)[。！!]?")
_TO_END = re.compile(f"[^{_END}]{{0,80}}(?:[。！!？?]+|$)", re.MULTILINE)

_VOTES = "月票|推荐票|红票|票票|保底票|打赏|鲜花|收藏|订阅|推荐|点击|支持|评价票|催更票"
_ASK = (
    "(?:跪|狂|猛|急|再|继续|拼命|厚颜|弱弱地?|每日|日常|例行)?求{1,3}"
    f"(?:各种|大家的?|[一几个点张下波些朵，,、]){{0,3}}(?:{_VOTES})"
)
_LISTED = f"(?:[、，,和与跟及 ]{{0,2}}求{{0,2}}(?:{_VOTES}))*"
_MORE = "(?:今[日天]|今晚)?第?[一二三四五六七八九十0-9]{1,2}更"
_SENT = "(?:送到|送上|奉上|完毕|完成)"
_THANKS = "(?:感谢|谢谢|多谢)[^。！？“”\n]{1,40}(?:打赏|月票|推荐票|飘红|万赏|起点币|书币)"
_TELLING = "[^。！？“”\n（）()]"
_WISH = f"[，,！!~～、…。：:； ]{{1,3}}{_TELLING}{{0,10}}[谢票更求您亲拜藏力]{_TELLING}{{0,8}}"
_ENDING = f"(?:[啊呀哦吧呢啦了喔哈]{{0,2}}|{_WISH})"
_OCCASION = "(?:新书|新人|新的一[周月天]|周[一二三四五六日末]|月[初末底]|上架|爆更|加更)"
_FIRST = f"(?:(?:{_OCCASION}[^。！？“”\n]{{0,8}}?|{_MORE}{_SENT}?)[，,！!。～~：: ]*)?"
_BEGGING = re.compile(f"[\\W_]*{_FIRST}(?:{_ASK}{_LISTED}{_ENDING}|{_THANKS}{_ENDING}|{_MORE}{_SENT}{_ENDING})[\\W_]*")
_HINTS = (  # of which every advert has one: they are looked for first, since most lines have none
    "手机 访问 浏览 光临 登录 登陆 精彩 最新 最快 全文 全本 全集 免费 一秒 记住 收藏 百度 谷歌 搜狗 公众 微信 薇信 "
    "威信 维码 QQ qq ＱＱ 扣扣 企鹅 群号 群码 群: 群： 群为 下载 安装 书签 书架 首发 弹窗 更新 您的 正版 次阅 后阅 "
    "续阅 您喜 入书 投票 TX tx 月票 荐票 红票 票票 底票 价票 更票 打赏 鲜花 订阅 求推 求点 求支 种推 种点 种支 飘红 "
    "万赏 点币 书币 更送 更奉 更完"
)
_PAIRS = (*_HINTS.split(), *(f"群{digit}" for digit in " 0123456789０１２３４５６７８９"))
_FIRSTS, _SECONDS = ("".join(sorted({pair[place] for pair in _PAIRS})) for place in (0, 1))
_MARK = re.compile(f"[{_FIRSTS}][{_SECONDS}](?<={'|'.join(_PAIRS)})")  # faster than the alternatives by themselves
_QUOTED = re.compile("[“”「」『』]")
_BLANKS = " \u3000"
_TO_BLANK = re.compile(f"[^{_END}{_BLANKS}]{{0,80}}(?=[{_BLANKS}])")
_SENTENCE = re.compile(f"(?<![^。！!？?”）)\n{_BLANKS}])[^{_END}…“”「」{_BLANKS}]{{2,60}}[。！!~～]+")
_FEW = 4  # letters of no advert in a slogan: the name of a site, of a writer
_UNSAYABLE = re.compile("(?:手机|电脑)(?:用户|阅读|看书)|天才一秒|一秒钟?记住|最新(?:最快)?章节[，,]?请")
_BRACKETS = re.compile("[（(【\\[［〔]([^（()）【】\\[\\]［］〔〕\n]{3,60})[）)】\\]］〕]")


def remove_adverts(text: str, title: str = "") -> str:
    """Remove slogans of sites, requests for votes and thanks for them; ``title``: that of the book."""
    return cut(text, _adverts(text, title))


def _adverts(text: str, title: str) -> Iterator[tuple[int, int]]:
    for line in lines_with(_MARK, text):
        start, end = line
        if end - start <= _LONGEST and not _QUOTED.search(text, start, end) and _BEGGING.fullmatch(text, start, end):
            yield line
            continue
        yield from with_fragments(text, line, _slogans(text, line, title), title)
        yield from _begging(text, line)
        for brackets in _BRACKETS.finditer(text, start, end):
            if _BEGGING.fullmatch(brackets[1]):
                yield brackets.span()


def _begging(text: str, line: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Give the sentences in which readers are asked for votes, at the end of a line or set apart by a blank."""
    spoken = quotations(text, *line)
    after = line[1]
    for start, end in reversed([found.span() for found in _SENTENCE.finditer(text, *line)]):
        is_last = end == after or text[end] in _BLANKS
        if is_last and not quotation_around(spoken, start) and _BEGGING.fullmatch(text, start, end):
            yield start, end
            after = start


def _slogans(text: str, line: tuple[int, int], title: str) -> Iterator[tuple[int, int]]:
    """Give the slogans of a line as far as each goes; not what somebody says, unless a slogan broke into it."""
    spoken = quotations(text, *line)
    for found in _FOUND.finditer(text, *line):
        brackets = in_brackets(text, *found.span())
        if brackets and unknown(text[brackets[0] : brackets[1]], title) <= _FEW:
            yield brackets
        elif not (said := quotation_around(spoken, found.start())):
            yield from _reach(text, *found.span(), title)
        elif _UNSAYABLE.match(found[0]) and unknown(text[max(said[0], found.start() - _NEAR) : found.start()]):
            yield from _to_address(text, *found.span())


def _to_address(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give a slogan that leads to an address."""
    address = SITE_MARK.search(text, end, end + _NEAR) and _TO_ADDRESS.match(text, end)
    if address:
        yield start, address.end()


def _reach(text: str, start: int, end: int, title: str) -> Iterator[tuple[int, int]]:
    """Give a slogan as far as it goes: to an address, to the end of a sentence of its own, or to its last words."""
    address = next(_to_address(text, start, end), None)
    if address:
        yield address
        return
    endings = [found.end() for pattern in (_TO_END, _TO_BLANK) if (found := pattern.match(text, end))]
    last = next((place for place in endings if unknown(text[start:place], title) <= _FEW), None)
    if last is not None and not unknown(sentence_before(text, start), title):
        yield start, last
    elif "阅读" in text[end : end + _NEAR] and _UNSAYABLE.match(text, start):
        reading = _TO_READING.match(text, end)
        if reading:
            yield start, reading.end()
