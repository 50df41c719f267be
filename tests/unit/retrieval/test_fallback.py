from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from embedtune.errors import InputError, UnavailableError
from embedtune.events import Alert, Counted, Notice
from embedtune.retrieval.fallback import FallbackSearch, Level, Patience
from embedtune.vocabulary.retrieval import EVERYWHERE, Hit, Mode

QUICK = Patience(seconds=20.0, opening_seconds=20.0, failures=2, retry_seconds=0.0)


@dataclass
class Answering:
    name: str
    error: Exception | None = None
    asked: list = field(default_factory=list)
    gate: threading.Event | None = None
    closed: int = 0

    def search_batch(self, queries, limit=10, threshold=None, mode=None, domain=None, where=EVERYWHERE):
        self.asked.append((tuple(queries), limit, threshold, mode, where))
        if self.gate:
            self.gate.wait(20)
        if self.error:
            raise self.error
        return [[Hit(self.name, query, 1.0, {})] for query in queries]

    def close(self):
        self.closed += 1


@pytest.fixture
def events():
    return []


@pytest.fixture
def levels():
    return [Answering("best"), Answering("middle"), Answering("least")]


@pytest.fixture
def search(levels, events):
    made = []

    def of(patience=QUICK, **options):
        names = ("tuned hybrid", "baseline hybrid", "bm25")
        modes = (None, None, Mode.BM25)
        given = [
            Level(name, lambda level=level: level, mode) for name, level, mode in zip(names, levels, modes, strict=True)
        ]
        made.append(FallbackSearch(given, patience=patience, report=events.append, **options))
        return made[-1]

    yield of
    for one in made:
        one.close()


def asked(search, *queries):
    (first, *_) = search.search_batch(queries or ("why",), 5, 0.1, Mode.HYBRID, EVERYWHERE)
    return first[0].section_id, first[0].degraded


def test_the_first_level_answers_and_nothing_is_told(search, levels, events):
    assert asked(search(), "why", "how") == ("best", "")
    assert levels[0].asked == [(("why", "how"), 5, 0.1, Mode.HYBRID, EVERYWHERE)]
    assert (levels[1].asked, levels[2].asked, events) == ([], [], [])


def test_each_failure_gives_way_to_the_next_level_with_all_reasons(search, levels, events):
    levels[0].error = InputError("The vectors are gone.", "Index again.")
    made = search()
    assert asked(made) == ("middle", "tuned hybrid: The vectors are gone")
    levels[1].error = RuntimeError("no room")
    reasons = "tuned hybrid: The vectors are gone; baseline hybrid: RuntimeError: no room"
    assert asked(made, "why", "how") == ("least", reasons)
    assert levels[2].asked[0][3] is Mode.BM25
    assert events == [
        Alert("Degraded search: tuned hybrid: The vectors are gone."),
        Counted("degraded_searches", {"level": "baseline hybrid"}, 1),
        Alert(f"Degraded search: {reasons}."),
        Counted("degraded_searches", {"level": "bm25"}, 2),
    ]


def test_the_last_level_fails_as_it_does(search, levels):
    for level in levels:
        level.error = RuntimeError("on fire")
    with pytest.raises(InputError, match="The bm25 search failed: RuntimeError: on fire"):
        asked(search())
    levels[2].error = UnavailableError("Nothing is left.", "Buy more.")
    with pytest.raises(UnavailableError, match="Nothing is left"):
        asked(search())


def test_strict_search_raises_the_first_failure(search, levels):
    made = search(strict=True)
    levels[0].error = InputError("The vectors are gone.", "Index again.")
    for _ in range(5):
        with pytest.raises(InputError, match="The vectors are gone"):
            asked(made)
    assert levels[1].asked == []
    levels[0].gate, levels[0].error = threading.Event(), None
    with pytest.raises(InputError, match="tuned hybrid search failed: no answer in time"):
        asked(search(Patience(0.05, 20.0), strict=True))
    levels[0].gate.set()


def test_a_level_that_failed_too_often_is_left_alone(search, levels):
    levels[0].error = RuntimeError("no room")
    made = search(Patience(20.0, 20.0, failures=2, retry_seconds=60.0))
    for _ in range(6):
        assert asked(made) == ("middle", "tuned hybrid: RuntimeError: no room")
    assert len(levels[0].asked) == 2


def test_a_level_that_works_again_is_used_again_and_that_is_told(search, levels, events):
    levels[0].error = RuntimeError("no room")
    made = search()
    for _ in range(4):
        asked(made)
    levels[0].error = None
    assert asked(made) == ("best", "")
    assert events[-1] == Notice("The tuned hybrid search answers again.")


def test_a_level_that_cannot_be_opened_is_not_opened_for_every_question(events, levels):
    opened = []

    def broken():
        opened.append(1)
        raise InputError("It was tampered with.", "Publish again.")

    made = FallbackSearch(
        [Level("tuned hybrid", broken), Level("bm25", lambda: levels[2], Mode.BM25)],
        patience=Patience(20.0, 20.0, 3, 60.0),
        report=events.append,
    )
    assert made.prepare() == "tuned hybrid: It was tampered with"
    for _ in range(3):
        assert asked(made) == ("least", "tuned hybrid: It was tampered with")
    assert opened == [1]
    assert [event for event in events if isinstance(event, Alert)] == [
        Alert("Degraded search: tuned hybrid: It was tampered with.")
    ]
    made.close()


def test_while_one_opens_a_level_others_go_on_without_it(levels):
    gate = threading.Event()

    def slow():
        gate.wait(20)
        return levels[0]

    made = FallbackSearch(
        [Level("tuned hybrid", slow), Level("bm25", lambda: levels[2], Mode.BM25)],
        patience=Patience(0.3, 20.0, 1, 60.0),
    )
    first = threading.Thread(target=lambda: asked(made))
    first.start()
    found = asked(made)
    gate.set()
    first.join()
    assert found == ("least", "tuned hybrid: It is still being opened")
    while asked(made) != ("best", ""):  # it is opened to its end, whoever still waits
        threading.Event().wait(0.005)
    made.close()


def test_what_is_opened_too_late_is_released(levels):
    gate = threading.Event()

    def slow():
        gate.wait(20)
        return levels[0]

    made = FallbackSearch(
        [Level("tuned hybrid", slow), Level("bm25", lambda: levels[2], Mode.BM25)],
        patience=Patience(0.05, 0.05, 1, 60.0),
    )
    assert made.prepare() == "tuned hybrid: no answer in time"
    made.close()
    gate.set()
    while not levels[0].closed:
        threading.Event().wait(0.005)
    assert (levels[0].closed, levels[0].asked) == (1, [])


def test_many_questions_are_asked_some_dozens_at_a_time(search, levels):
    made = search()
    batch = made.search_batch([str(number) for number in range(150)], 5, None, Mode.HYBRID, EVERYWHERE)
    assert len(batch) == 150
    assert [len(queries) for queries, *_ in levels[0].asked] == [64, 64, 22]
    assert made.search_batch([], 5, None, Mode.HYBRID, EVERYWHERE) == []
    made.close()


def test_closing_waits_for_questions_and_releases_what_was_opened(search, levels):
    made = search(Patience(20.0, 20.0))
    levels[0].gate = threading.Event()
    found = []
    asking = threading.Thread(target=lambda: found.append(asked(made)))
    asking.start()
    while not levels[0].asked:
        threading.Event().wait(0.005)
    closing = threading.Thread(target=made.close)
    closing.start()
    levels[0].gate.set()
    asking.join()
    closing.join()
    assert found == [("best", "")]
    assert [level.closed for level in levels] == [1, 0, 0]
    with pytest.raises(ValueError, match="closed"):
        asked(made)
