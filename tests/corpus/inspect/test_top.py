from moxu.corpus.inspect.top import Top


def test_the_largest_are_kept_largest_first_and_all_are_counted() -> None:
    top: Top[str] = Top(3)
    for key, thing in [(1, "a"), (5, "b"), (3, "c"), (4, "d"), (0, "e")]:
        top.offer(key, thing)
    assert (top.things(), top.offered) == (("b", "d", "c"), 5)


def test_of_equal_keys_those_stay_that_came_first() -> None:
    top: Top[dict[str, int]] = Top(2)  # things need no order of their own
    for number in range(5):
        top.offer(1, {"number": number})
    assert top.things() == ({"number": 0}, {"number": 1})


def test_nothing_is_kept_where_nothing_is_wanted() -> None:
    top: Top[int] = Top(0)
    top.offer(1, 1)
    assert (top.things(), top.offered) == ((), 1)
