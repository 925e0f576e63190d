"""The words of which adverts are made, and how much of a passage they leave."""

import re
from collections.abc import Iterable

from moxu.corpus.clean.addresses import KINDS, NAME, URL

_OF_ADVERTS = (  # seldom elsewhere: a fragment of an advert has at least one
    "本站 本书 本文 本章 本小说 本网站 全网 全站 书友 书迷 读者 书签 书架 收藏 牢记 记住 网址 域名 地址 网站 链接 "
    "备用 首发 独家 正版 盗版 转载 出处 整理 手机版 手机站 手机端 手机用户 手机阅读 手机看书 手机小说 手机网页 "
    "移动版 电脑版 电脑站 电脑端 网页版 客户端 阅读器 最新 最快 最全 最火 章节 目录 列表 全文 全本 全集 更新 完本 "
    "连载 免费 阅读 观看 浏览 访问 登录 登陆 下载 安装 无弹窗 无广告 无错 无错字 弹窗 广告 电子书 小说 推荐 推荐票 "
    "月票 投票 打赏 订阅 支持 动力 光临 公众号 公众平台 微信 微博 二维码 扫码 天才 一秒 一秒钟 未完 待续 点击 "
    "下一页 下一章 翻页 热门 好看 好书 精彩 畅读 体验 优质 最优质 抢先 停用 失效 更换 变更 防丢失 防走失 防止迷路 "
    "以免丢失 加入 添加 书名 TXT txt APP app QQ qq www WAP wap VIP 转发 分享 搜索 百度 谷歌 搜狗 书屋 书院 书城 "
    "书吧"
)
_AMONG_THEM = (
    "请 您 我们 我最大 大家 各位 广大 朋友 亲 们 的 是 为 在 到 于 由 来 去 上 看 读 用 用户 手机 电脑 更 更多 更好 "
    "最 最大 好 快 速度 全 新 老 旧 已 就 即可 就能 可以 能 想 要 也 都 和 与 及 或 或者 以及 并 将 把 以便 以免 "
    "方便 方便您 下次 以后 随时 随地 永久 注明 感谢 谢谢 多谢 欢迎 欢迎您 喜欢 如果 作品 这部 这本 内容 尽在 享受 "
    "提供 来自 来源 转自 第一 时间 第一时间 投 送 加 关注 回复 发布 页 版 站 网 书 群 号 一下 注意 提示 温馨 提醒 "
    "通知 公告 官方 唯一 内 里 免 纯 文字 高速 秒 首页 域 名 继续 不 无 勿 必究 防止 丢失 在线 要是 觉得 还 不错 "
    "的话 不要 忘记 向 哦"
)
_NAMING = "(?:(?![他她它我你这那了着过请])[\u4e00-\u9fff]){1,8}?"  # the name of a site or a book, for all we know
_SITES = f"{_NAMING}(?:{KINDS}|书屋|书院|书城|书吧|文学)"
_TITLED = (
    f"^{_NAMING}(?=小说(?:手机|最新|全文)|最新章节|全文(?:阅读|免费)|全集|更新(?:速度|最快)|手机版|无弹窗|[Tt][Xx][Tt])"
)
_ACCOUNT = "(?<=[:：群号])[A-Za-z0-9_\\-]{4,20}"
_BOOK = "《[^《》\n]{1,20}》"


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


_STRONG = re.compile(f"{URL}|{NAME}|{KINDS}|{_either(_OF_ADVERTS.split())}")
_ALL = _either([*_OF_ADVERTS.split(), *_AMONG_THEM.split()])
_WORDS = re.compile(f"{URL}|{NAME}|{_ACCOUNT}|{_BOOK}|{_ALL}|{_TITLED}|{_SITES}")
_QUOTES = re.compile('[「」『』“”"]')
_LEAD = re.compile(  # how an advert begins that breaks into a sentence
    "请(?:您|大家)?(?:记住|收藏|牢记|访问|浏览|到|上|登)|(?:手机|电脑)(?:版|站|端|阅读|看书|用户)"
    "|最新(?:网址|域名|章节|地址)|(?:本书|本文)?首发|本站|天才|一秒|更多|无弹窗|免费阅读|全文阅读"
)
LONGEST = 60  # characters of a passage that may be a fragment


def unknown(passage: str, title: str = "") -> int:
    """Count the letters of a passage that belong to no word of adverts, nor to the title of its book."""
    if len(title) > 1:
        passage = passage.replace(title, " ")
    return sum(map(str.isalnum, _WORDS.sub("", passage)))


def is_fragment(passage: str, title: str = "") -> bool:
    """Tell whether a passage is made of words of adverts, one at least that is seldom elsewhere, and tells nothing."""
    if len(passage) > LONGEST or _QUOTES.search(passage) or not _STRONG.search(passage):
        return False
    return not unknown(passage, title)


def leading(passage: str, title: str = "") -> int | None:
    """Return where those words begin that lead to an advert behind a passage: 他抬起头|手机阅读：; None without."""
    if not _QUOTES.search(passage) and not unknown(passage, title):
        return 0
    return led(passage, title)


def led(passage: str, title: str = "") -> int | None:
    """Return where an advert begins that broke into a passage and goes on behind it; None without."""
    for lead in _LEAD.finditer(passage, max(0, len(passage) - LONGEST)):
        if not unknown(passage[lead.start() :], title):
            return lead.start()
    return None
