"""A BEIR folder shows what a training did to general retrieval."""

from __future__ import annotations

import json

import pytest

from embedtune.errors import InputError
from embedtune.pipeline.general_set import general_set
from embedtune.pipeline.training import train_run
from embedtune.vocabulary.pairs import Origin
from project_samples import opened

DOCUMENTS = {"d1": ("Rain", "how clouds make rain"), "d2": ("", "bread comes out of the oven"), "d3": ("Empty", "")}
JUDGED = {"q1": "d1", "q2": "d2"}


def write_beir(folder, judged=None):
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items()]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries = [{"_id": query, "text": f"question {query}"} for query in (*JUDGED, "q9")]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    lines = [f"{query}\t{document}\t1" for query, document in (judged or JUDGED).items()]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]) + "\n")
    return folder


def test_none_is_set(finished):
    assert general_set(opened(finished)) is None


def test_documents_are_whole_and_questions_those_judged(finished, tmp_path):
    found = general_set(opened(finished, training__general_set=str(write_beir(tmp_path / "everyday"))))

    assert found.name == "everyday"
    assert [(query.id, query.origin) for query in found.queries] == [("q1", Origin.HUMAN), ("q2", Origin.HUMAN)]
    assert [document.text for document in found.documents] == [
        "Rain\nhow clouds make rain",
        "bread comes out of the oven",
        "Empty\n",
    ]


@pytest.mark.parametrize("judged", [None, {"q1": "d1"}], ids=["no folder", "one question"])
def test_a_folder_that_cannot_be_used_is_refused(finished, tmp_path, judged):
    folder = write_beir(tmp_path / "everyday", judged) if judged else tmp_path / "nowhere"

    with pytest.raises(InputError):
        general_set(opened(finished, training__general_set=str(folder)))


def test_a_training_measures_it(finished, tmp_path):
    project = opened(finished, training__general_set=str(write_beir(tmp_path / "everyday")))

    train_run(project, finished / ".embedtune" / "data" / "pairs.jsonl", tmp_path / "run", resume=False)

    merge = json.loads((tmp_path / "run" / "merge.json").read_text())
    assert merge["general"]["name"] == "everyday"
    assert merge["general"]["tried"][-1]["n"] == 2
