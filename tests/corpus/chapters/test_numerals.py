import pytest

from moxu.corpus.chapters.numerals import number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("一", 1), ("十", 10), ("十二", 12), ("二十", 20), ("一百", 100), ("一百零八", 108), ("一百二十三", 123)),
        *(("一千零一", 1001), ("一万二千", 12_000), ("一二〇", 120), ("一一九", 119), ("廿四", 24), ("卅", 30)),
        *(("廿十", 20), ("卅十", 30), ("廿十一", 21), ("一百廿", 120), ("二十十", 30)),
        *(("壹", 1), ("两百", 200), ("12", 12), ("００３", 3), ("IV", 4), ("xii", 12), ("Three", 3)),
        *(("", None), ("零零后", None), ("abc", None), ("江", None)),
    ],
)
def test_numbers_are_read_however_they_are_written(text: str, number: int | None) -> None:
    assert number_of(text) == number
