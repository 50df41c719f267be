from __future__ import annotations

from dataclasses import replace

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.evaluation.result import read_record, record_as_json, write_record
from embedtune.evaluation.robustness.generating import MINIMUM
from embedtune.events import Alert, Progress, silent
from embedtune.pipeline.cards import read_card
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.evaluation import evaluate
from embedtune.pipeline.publishing import publish_run
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.sampling import sample_questions
from embedtune.pipeline.systems import SystemSpec
from project_samples import judged_questions, write_corpus
from stand_in_models import stand_in_project, write_stand_in_run

QUICK = {"evaluation__bootstrap_samples": 50, "retrieval__passage_words": [16], "retrieval__tune": False}
FAR = {"negation", "units", "part-numbers"}


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    sections = read_folder(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"), CorpusSettings()).sections
    return QuestionSet("mine", sections, judged_questions(sections, "t", 1))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_stand_in_run(folder / "run", "good")
    return folder


def asked(place, questions, *names, events=None, robustness=True):
    specs = [SystemSpec.parse(name.replace("@", f"{place}/")) for name in names]
    return evaluate(stand_in_project(place, events, **QUICK), questions, specs, robustness=robustness)


@pytest.fixture(scope="module")
def record(place, questions):
    return asked(place, questions, "base", "bm25", "@run", "hybrid:@run")


def test_every_system_is_asked_the_same_cases(record):
    systems = record.robustness.systems
    assert [one.system for one in systems] == [result.system for result in record.evaluation.systems]
    assert len({one.total for one in systems}) == 1
    assert systems[0].total >= MINIMUM
    families = [[(family.family, family.total) for family in one.families] for one in systems]
    assert all(row == families[0] for row in families)


def test_a_model_that_knows_no_words_keeps_fewer_answers(record, place):
    base, run = record.robustness.system("base"), record.robustness.system(f"{place}/run")
    kept = {one.system: sum(f.passed for f in one.families if f.family not in FAR) for one in (base, run)}
    assert kept[run.system] > kept["base"]
    assert {case.name for case in run.failed} != {case.name for case in base.failed}


def test_figures_survive_the_file(record, tmp_path):
    write_record(tmp_path / "result.json", record)
    assert read_record(tmp_path / "result.json").robustness == record.robustness


def test_the_card_carries_both_figures(record, place, tmp_path):
    write_record(tmp_path / "result.json", record)
    project = stand_in_project(place, publish__registry=str(tmp_path / "models"))
    request = PublishRequest(place / "run", "v1.0", "mine", evaluation=tmp_path / "result.json", reason="a test")
    card = read_card(publish_run(project, request))
    base, run = record.robustness.system("base"), record.robustness.system(f"{place}/run")
    assert (card.adversarial_tests_passed, card.adversarial_tests_total) == (run.passed, run.total)
    assert card.adversarial_tests_passed_baseline == base.passed


def test_it_is_off_unless_asked_for(place, questions):
    plain = asked(place, questions, "base", robustness=False)
    assert plain.robustness is None
    assert "robustness" not in record_as_json(plain)


def test_the_same_seed_gives_the_same_figures(record, place, questions):
    again = asked(place, questions, "base", "bm25", "@run", "hybrid:@run")
    assert again.robustness == record.robustness


def test_progress_is_told_and_too_few_cases_are_an_alert(place, questions):
    events = []
    one = sample_questions(questions, 1, 0, silent).questions
    found = asked(place, replace(one, sections=questions.sections), "bm25", events=events)
    total = found.robustness.systems[0].total
    assert any(isinstance(event, Progress) and f"{total} robustness cases" in event.activity for event in events)
    alerts = [event.message for event in events if isinstance(event, Alert)]
    assert f"The questions give {total} robustness cases, fewer than {MINIMUM}: there are too few." in alerts
