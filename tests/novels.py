"""Invented novels: random sentences that follow from a seed, so that none is like another unless it has to be."""

import random

CHARACTERS = "夜里下了一场雨院子静悄的这是颗老树谁在那问没有人回答只听见风声山水云月花鸟江船灯火门窗书信茶酒路桥城楼"
NUMBERS = "一二三四五六七八九十"


def sentences(seed: object, count: int = 12) -> list[str]:
    """Return some paragraphs of a sentence each."""
    draw = random.Random(f"{seed}")
    return ["".join(draw.choices(CHARACTERS, k=draw.randint(20, 50))) + "。" for _ in range(count)]


def prose(seed: object, count: int = 12) -> str:
    """Return a text of some paragraphs."""
    return "\n".join(sentences(seed, count))


def novel(*seeds: object, count: int = 12) -> str:
    """Return a book with a chapter for each seed."""
    parts = [f"第{NUMBERS[place]}章 回目\n{prose(seed, count)}" for place, seed in enumerate(seeds)]
    return "\n".join(parts) + "\n"
