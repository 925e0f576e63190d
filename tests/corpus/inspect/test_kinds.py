import pytest

from moxu.corpus.inspect.kinds import CODES, Kind, kind_table


@pytest.mark.parametrize(
    ("characters", "kind"),
    [
        ("一人山着", Kind.SHARED),
        ("书们这", Kind.SIMPLIFIED),
        ("書們這裏", Kind.TRADITIONAL),
        ("㐀𠀀", Kind.RARE),
        ("，。“”《》…—", Kind.PUNCTUATION),
        (",.!\"'(", Kind.HALF_WIDTH),
        ("aZＡｚ", Kind.LATIN),
        ("09０９", Kind.DIGIT),
        (" \u3000\t", Kind.SPACE),
        ("□\ufffd〓", Kind.LOST),
        ("\n", Kind.LINE_END),
        ("★あ\ue000\x01é", Kind.ODD),
    ],
)
def test_every_character_is_of_its_kind(characters: str, kind: Kind) -> None:
    assert {character: kind_table()[ord(character)] for character in characters} == dict.fromkeys(characters, kind)


def test_every_code_point_has_a_kind() -> None:
    assert kind_table().shape == (CODES,)
    assert kind_table().max() == max(Kind)
