"""A model that forgot one domain is refused though it is better on the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from embedtune.encoders.digests import model_digest
from embedtune.errors import GateError
from embedtune.pipeline.cards import read_card
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.evaluation_command import EvaluationRequest, run_evaluation
from embedtune.pipeline.publishing import publish_run
from embedtune.pipeline.questions import JudgedQueries, QuestionSet
from embedtune.pipeline.systems import SystemSpec
from embedtune.report.content import Tone
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query
from project_samples import body
from stand_in_models import StandIn, stand_in_project, write_stand_in, write_stand_in_run

QUICK = {
    "evaluation__bootstrap_samples": 500,
    "retrieval__passage_words": [8],
    "retrieval__tune": False,
    "training__base_model": "knows-forklifts",
}
LOST, GAINED = "forklift", ("tractor", "crane", "winch")
SECTIONS = 24


@dataclass(frozen=True)
class PartlyBlind(StandIn):
    """Understands every text but some questions."""

    questions: frozenset[str] = frozenset()

    def encode(self, texts):
        return StandIn.encode(self, ["".join(t.split()) if t in self.questions else t for t in texts])


@pytest.fixture(scope="module")
def questions():
    """Sections of four domains, and a question about each: the end of its second sentence."""
    sections, queries = [], []
    for domain in (LOST, *GAINED):
        for number in range(SECTIONS):
            name, text = f"{domain}{number:02}", body(domain, f"Step {number}")
            sections.append(Section(name, "d", domain, (f"Step {number}",), SectionKind.OTHER, text, (1, 2)))
            asked = " ".join(text.split(". ")[1].split()[5:])
            queries.append(Query(f"q-{name}", asked, Origin.HUMAN, domain=domain))
    qrels = Qrels({query.id: {section.id: 1} for query, section in zip(queries, sections, strict=True)})
    return QuestionSet("mine", tuple(sections), JudgedQueries(tuple(queries), qrels))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A base that knows one domain, and a run that learned the others and forgot it."""
    folder = tmp_path_factory.mktemp("project")
    base = model_digest(write_stand_in(folder / "knows-forklifts", " ".join(GAINED)))
    write_stand_in_run(folder / "run", LOST, base=base)
    return folder


@pytest.fixture
def project(place, questions, tmp_path):
    def load(folder, name, digest):
        unknown = (folder / "model.safetensors").read_text().split()
        texts = frozenset(query.text for query in questions.test.queries if query.domain in unknown)
        return PartlyBlind(name, digest, questions=texts)

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
    assert not any(domain in failed[0].reason for domain in GAINED)
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
