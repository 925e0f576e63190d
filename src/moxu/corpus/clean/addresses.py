"""What addresses and names of web sites look like, plain or disguised by wide letters and symbols."""

import re

LETTER = "A-Za-z0-9Ａ-Ｚａ-ｚ０-９"
_DOT = "[.．。·•]"
_PATH = f"(?:[/／][{LETTER}.．/／?&=%#~_+\\-]{{0,200}})?"
_HOST = f"[{LETTER}][{LETTER}\\-]{{0,60}}"
_ENDINGS = "com|net|org|cn|cc|tv|info|vip|top|xyz|biz|wang|club|ｃｏｍ|ｎｅｔ|ｏｒｇ|ｃｎ|ｃｃ"

URL = (
    f"(?:(?:https?|ｈｔｔｐｓ?)[:：][/／]{{2}}[{LETTER}.．:：/／?&=%#~_+\\-]{{3,200}}"
    f"|(?<![{LETTER}])(?:[{LETTER}] ){{1,20}}[.．](?: [{LETTER}]){{2,20}}"
    f"(?: [.．](?: [{LETTER}]){{2,3}})?(?![{LETTER}])"
    f"|(?<![{LETTER}])(?:[wWｗＷ] ?){{3}}{_DOT} ?{_HOST}(?: ?{_DOT} ?[{LETTER}]{{1,20}}){{1,4}}{_PATH}"
    f"|(?<![{LETTER}@.．])(?:m|M|ｍ|wap|3g)[.．]{_HOST}(?:[.．][{LETTER}]{{2,20}}){{1,3}}{_PATH}"
    f"|(?<![{LETTER}@.．])(?:{_HOST}[.．]){{1,4}}(?i:{_ENDINGS})(?![{LETTER}]){_PATH})"
)
"""An address of the web; every repetition is bounded, so that no line can make it slow."""

_SYMBOL = "[♂♀☆★※◆◇▲△●○§&$^*＊#＃@~～+＋=＝_＿.．|｜/／\\-]{1,2}"
_PIRATES = (
    "笔趣阁 笔趣看 新笔趣阁 书趣阁 妙笔阁 书迷楼 顶点小说 飘天文学 飘天中文 八一中文网 六九书吧 无错小说网 "
    "无弹窗小说网 全本小说网 大书包小说网 风云小说网 乐文小说网 爱看小说网 黑岩小说网 零点看书 无忧看书网 17k小说 "
    "17K小说网 16k小说 69书吧 UU看书 uu看书 ＵＵ看书"
)
_DISGUISED = "|".join(
    f"(?:{_SYMBOL})?".join(name) + "(?:网|小说网?)?" for name in sorted(_PIRATES.split(), reverse=True)
)
_BY_SYMBOLS = "[\u4e00-\u9fff](?:[♂♀☆★※§&$^]{1,2}[\u4e00-\u9fff]){2,5}"
NAME = f"(?<![在到上去从叫是开用逛和与往])(?:(?:{_DISGUISED})|{_BY_SYMBOLS})"
"""A name that only a site has; after 在 and the like, somebody in the story is on that site."""

KINDS = "小说网|中文网|文学网|阅读网|读书网|看书网"
"""What names of sites end in that are made of common words."""

SITE_MARK = re.compile(  # what every site has: looked for first, since most lines have none
    f"[wWｗＷ] ?[wWｗＷ]|[.．] ?[{LETTER}]|[:：][/／]|[♂♀☆★※§&$^]|"
    + "|".join(
        f"(?:{_SYMBOL})?".join(pair)
        for pair in ("笔趣", "趣阁", "妙笔", "书迷", "顶点", "飘天", "说网", "看书", "书吧", "中文网", "k小说")
    )
)
MARKS = "wWｗＷ.．/／♂♀☆★※§&$^网趣笔迷顶飘看吧kK"
"""Characters of which every site has one, as the inside of a class."""
