import json

import pytest

from embedtune.errors import FormatError
from embedtune.pairs.formats.training_examples import read_training_examples, write_training_examples
from embedtune.vocabulary.pairs import Origin

EXAMPLE = {
    "query": "How do I bleed the brakes?",
    "positive": "Open the bleed screw.",
    "negatives": ["Change the oil.", "Check the coolant."],
    "metadata": {"domain": "vehicle", "difficulty": "easy", "synthetic": True, "page": 12},
}


@pytest.fixture
def written(tmp_path):
    def write(document):
        path = tmp_path / "examples.json"
        path.write_text(json.dumps(document))
        return path

    return write


def test_fields_of_the_metadata_count_as_fields_of_the_pair(written):
    read = read_training_examples(written({"metadata": {"source": "manuals"}, "examples": [EXAMPLE]}))
    (pair,) = read.pairs
    assert (pair.query.text, pair.positive) == (EXAMPLE["query"], EXAMPLE["positive"])
    assert [negative.text for negative in pair.negatives] == EXAMPLE["negatives"]
    assert (pair.query.domain, pair.query.difficulty, pair.query.origin) == ("vehicle", "easy", Origin.TEMPLATE)
    assert pair.provenance.extras == {"page": 12}
    assert read.metadata == {"source": "manuals"}
    assert read.skipped == ()


def test_writing_reading_and_writing_again_gives_the_same_bytes(written, tmp_path):
    plain = {"query": "q", "positive": "p", "negative": "n", "own": [1]}
    read = read_training_examples(written({"examples": [EXAMPLE, EXAMPLE, plain]}))
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    write_training_examples(first, read.pairs, {"source": "here", "total_examples": 99})
    again = read_training_examples(first)
    write_training_examples(second, again.pairs, again.metadata)
    assert first.read_bytes() == second.read_bytes()
    document = json.loads(first.read_text())
    assert document["metadata"] == {"source": "here", "total_examples": 3}
    assert document["examples"][2]["negatives"] == ["n"]
    assert document["examples"][2]["metadata"]["own"] == [1]
    assert EXAMPLE["metadata"].items() <= document["examples"][0]["metadata"].items()


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        ("text", "The example is a text, not an object"),
        ({"query": "q"}, "`positive` is missing"),
        ({"query": "q", "positive": "p", "metadata": []}, "`metadata` is a list"),
        ({"query": "q", "positive": "p", "domain": "a", "metadata": {"domain": "b"}}, "`domain` is given twice"),
    ],
)
def test_a_bad_example_is_named_or_skipped(written, example, reason):
    path = written({"examples": [EXAMPLE, example]})
    with pytest.raises(FormatError, match=rf"examples\.json, example 2: {reason}"):
        read_training_examples(path)
    read = read_training_examples(path, skip_bad_lines=True)
    assert len(read.pairs) == 1
    assert [bad.line for bad in read.skipped] == [2]


def test_skipping_everything_is_an_error(written):
    with pytest.raises(FormatError, match="none of its 1 examples"):
        read_training_examples(written({"examples": [{}]}), skip_bad_lines=True)


@pytest.mark.parametrize("document", [[EXAMPLE], {"pairs": []}, {"examples": {}}, {"examples": [], "metadata": 3}, 3])
def test_another_file_is_refused(written, document):
    with pytest.raises(FormatError, match="not a file of training examples"):
        read_training_examples(written(document))
