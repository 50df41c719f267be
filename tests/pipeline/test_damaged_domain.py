"""A model that forgot one domain is refused though it is better on the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.encoders.digests import model_digest
from embedtune.errors import GateError
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.evaluation_command import EvaluationRequest, run_evaluation
from embedtune.pipeline.publishing import publish_run, read_card
from embedtune.pipeline.questions import JudgedQueries, QuestionSet
from embedtune.pipeline.systems import SystemSpec
from embedtune.report.content import Tone
from embedtune.vocabulary.evaluation import Qrels
from project_samples import judged_questions, write_corpus
from stand_in_models import StandIn, stand_in_project, write_stand_in, write_stand_in_run

QUICK = {
    "evaluation__bootstrap_samples": 500,
    "evaluation__min_slice": 10,
    "retrieval__passage_words": [8],
    "retrieval__tune": False,
    "training__base_model": "knows forklifts",
}
LOST, GAINED = "forklift", "tractor"


@dataclass(frozen=True)
class OneDomainBlind(StandIn):
    """Understands every text but the questions of one domain."""

    questions: frozenset[str] = frozenset()

    def encode(self, texts):
        return StandIn.encode(self, ["".join(t.split()) if t in self.questions else t for t in texts])


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    """One question for every section, and two more for those of the domain that gains."""
    sections = read_folder(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"), CorpusSettings()).sections
    sets = [judged_questions(sections, f"s{sentence}-", sentence) for sentence in (1, 2, 3)]
    queries = [query for at, one in enumerate(sets) for query in one.queries if at == 0 or query.domain == GAINED]
    grades = {query: one.qrels.grades(query) for one in sets for query in one.qrels.query_ids}
    judged = JudgedQueries(tuple(queries), Qrels(grades).restricted_to([query.id for query in queries]))
    return QuestionSet("mine", sections, judged)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A base that does not understand one domain, and a run that learned it and forgot the other."""
    folder = tmp_path_factory.mktemp("project")
    base = model_digest(write_stand_in(folder / "knows forklifts", GAINED))
    write_stand_in_run(folder / "run", LOST, base=base)
    return folder


@pytest.fixture
def project(place, questions, tmp_path):
    def load(folder, name):
        domain = (folder / "model.safetensors").read_text()
        texts = frozenset(query.text for query in questions.test.queries if query.domain == domain)
        return OneDomainBlind(name, model_digest(folder), questions=texts)

    opened = stand_in_project(place, **QUICK, publish__registry=str(tmp_path / "models"))
    return replace(opened, models=replace(opened.models, load=load, _loaded={}))


@pytest.fixture
def evaluated(project, place, questions):
    systems = tuple(SystemSpec.parse(name) for name in ("base", str(place / "run")))
    request = EvaluationRequest(systems, output=place / "result.json", page=place / "page.html")
    return run_evaluation(project, questions, request)


def test_the_evaluation_says_so_while_the_mean_rises(evaluated, place):
    record, content = evaluated
    run = str(place / "run")
    overall, lost = (record.evaluation.comparison("ndcg@10", "base", run, where) for where in ("all", f"domain={LOST}"))
    assert (overall.verdict, lost.verdict) == ("better", "worse")
    failed = [gate for gate in record.gates if not gate.passed]
    assert [gate.gate for gate in failed] == [f"ndcg@10: {run} not worse than base in any domain"]
    assert f"on domain={LOST} is" in failed[0].reason
    assert GAINED not in failed[0].reason
    assert content.verdict.tone is Tone.CAUTION
    assert content.verdict.headline.endswith("finds more than base, but not everywhere")


def test_it_is_not_published_without_a_reason(evaluated, project, place):
    request = PublishRequest(place / "run", "v1.0", "mine", evaluation=place / "result.json")
    with pytest.raises(GateError, match=f"Not published: .*domain={LOST}.* clearly worse"):
        publish_run(project, request)
    assert not project.registry.root.exists()
    card = read_card(publish_run(project, replace(request, reason="forklifts are gone")))
    assert card.published_without_gain == "forklifts are gone"
    assert [gate.passed for gate in card.gates] == [True, False, True, True, True, True]
