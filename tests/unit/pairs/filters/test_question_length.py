import pytest

from embedtune.pairs.filters.length import empty, too_long, too_short


@pytest.mark.parametrize(("text", "is_empty"), [("", True), ("?! -", True), ("\n", True), ("7", False), ("Öl?", False)])
def test_empty(make_batch, text, is_empty):
    assert empty(make_batch((text, "a"))).tolist() == [is_empty]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Brakes", True),
        ("Bleed brakes", False),
        ("What is it about?", True),
        ("E-42 meaning", False),
        ("the pump", False),
    ],
)
def test_too_short(make_batch, text, short):
    assert too_short(make_batch((text, "a")), 2).tolist() == [short]


def test_too_long(make_batch):
    batch = make_batch(("pump " * 5, "a"), ("pump " * 6, "a"), ("p" * 100, "a"), ("p" * 101, "a"))
    assert too_long(batch, 5).tolist() == [False, True, False, True]
