from __future__ import annotations

import json
from dataclasses import replace

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import ConfigError, FormatError, InputError
from embedtune.events import Alert, StageSkipped, StageStarted
from embedtune.files import digest_file
from embedtune.pairs.filters.cascade import FilterName
from embedtune.pairs.formats.case_selection import Difficulty, Selection
from embedtune.pairs.formats.pairs_file import read_pairs_file
from embedtune.pipeline.corpus import SplitCorpus, split_corpus
from embedtune.pipeline.generation import TRAINED_ON, generate_pairs, journal_of, statistics_of
from embedtune.pipeline.human_questions import human_questions
from embedtune.pipeline.pairs import (
    GenerationRequest,
    corpus_of_pairs,
    data_stage,
    generate_file,
    project_questions,
)
from embedtune.vocabulary.pairs import Origin, Split
from embedtune.wording.near_equal import near_equal_questions
from llm_server import LlmServer, complaint, completion, good
from project_samples import DOMAINS, body, headings, write_corpus
from stand_in_models import stand_in_project, write_stand_in

SAMPLES = {"split__dev_share": 0.2, "split__test_share": 0.2, "questions__words_per_extractive": 12}
THRESHOLD = 0.7


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("generation") / "docs")


@pytest.fixture
def opened(tmp_path):
    """A project with stand-ins for models, in a folder of its own."""

    def opened(events=None, **changes):
        return stand_in_project(tmp_path, events, **SAMPLES, **changes)

    return opened


@pytest.fixture(scope="module")
def sections(docs):
    return read_folder(docs, CorpusSettings()).sections


@pytest.fixture
def corpus(opened, sections):
    return split_corpus(opened(), sections)


def texts(pairs):
    return [pair.query.text for pair in pairs]


def of_part(pairs, part):
    return [pair for pair in pairs if pair.provenance.split is part]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def answers(place=2):
    """A question for every section, with a sentence of it as the answer; no two share a word."""
    named = [(domain, heading) for domain in DOMAINS for heading in headings(domain)]
    return [
        {"question": f"alpha{n} beta{n} gamma{n}", "answer": body(*name).split(". ")[place], "id": f"q{n}"}
        for n, name in enumerate(named)
    ]


def near(candidates, references):
    return [candidates[n] for n in near_equal_questions(candidates, references, THRESHOLD)]


def test_a_pair_for_every_question_in_the_part_of_its_section(opened, corpus):
    generated = generate_pairs(opened(), corpus, ())
    assert {pair.query.origin for pair in generated.pairs} == {Origin.TEMPLATE, Origin.EXTRACTIVE}
    bodies = {section.id: " ".join(section.text.split()) for section in corpus.sections}
    for pair in generated.pairs:
        place = pair.provenance
        assert place.split is corpus.split.split_of[place.section_id]
        assert place.cluster == corpus.split.cluster_of[place.section_id]
        assert pair.positive.partition("\n")[2] in bodies[place.section_id] or pair.positive in bodies[place.section_id]
        assert pair.negatives == ()
    asked = {(pair.provenance.section_id, pair.query.origin) for pair in generated.pairs}
    assert len(asked) == 2 * len(corpus.sections)
    assert generate_pairs(opened(), corpus, ()) == generated


def test_nothing_near_equal_to_a_test_question_comes_out(opened, corpus):
    free = generate_pairs(opened(), corpus, ())
    tested = tuple(f"Please, {text.upper()} THE" for text in texts(free.pairs)[::7])
    generated = generate_pairs(opened(), corpus, tested)
    assert near(texts(free.pairs), tested)
    assert near(texts(generated.pairs), tested) == []
    assert generated.rejections.by_filter[FilterName.LEAK] >= len(tested)
    assert free.rejections.by_filter[FilterName.LEAK] == 0


def test_questions_from_people_come_first_and_none_is_trained_on_twice_over(opened, corpus, tmp_path):
    project = opened()
    free = generate_pairs(project, corpus, ())
    asked = [pair for pair in free.pairs if pair.query.origin is Origin.TEMPLATE]
    by_id = {section.id: section for section in corpus.sections}
    rows = [
        {"question": f"well, {pair.query.text.lower()}", "answer": by_id[pair.provenance.section_id].text}
        for pair in asked
    ]
    tested = (rows[0]["question"],)
    human = human_questions(project, corpus, [write_lines(tmp_path / "qa.jsonl", rows)], tested)
    generated = generate_pairs(project, corpus, tested, human)
    mine, theirs = generated.pairs[len(human.pairs) :], generated.pairs[: len(human.pairs)]
    assert theirs == human.pairs
    assert {pair.query.origin for pair in theirs} == {Origin.HUMAN}
    assert Origin.HUMAN not in {pair.query.origin for pair in mine}
    held_out = [*tested, *(query.text for part in (human.dev, human.test) for query in part.queries)]
    assert len(held_out) > 4
    assert near(texts(of_part(generated.pairs, Split.TRAIN)), held_out) == []
    assert near(texts(mine), held_out) == []
    assert not set(texts(generated.pairs)) & {query.text for query in human.test.queries}


def test_no_held_out_question_repeats_what_people_train_on(opened, corpus, tmp_path):
    project = opened()
    free = generate_pairs(project, corpus, ())
    train = next(section for section in corpus.sections if corpus.split.split_of[section.id] is Split.TRAIN)
    stolen = [
        p.query.text for p in free.pairs if p.query.origin is Origin.TEMPLATE and p.provenance.split is Split.TEST
    ]
    rows = [{"question": text.lower(), "answer": train.text} for text in stolen]
    human = human_questions(project, corpus, [write_lines(tmp_path / "qa.jsonl", rows)], ())
    generated = generate_pairs(project, corpus, (), human)
    assert len(human.train) == len(stolen) > 0
    held_out = [pair for pair in generated.pairs if pair.provenance.split is not Split.TRAIN]
    assert near(texts(held_out), stolen) == []
    assert set(texts(held_out)) == set(texts(free.pairs)) - set(texts(of_part(free.pairs, Split.TRAIN))) - set(stolen)
    assert generated.rejections.by_filter[TRAINED_ON] == len(stolen)
    assert set(generated.rejections.examples[TRAINED_ON]) <= set(stolen)


def test_statistics_account_for_every_question(opened, corpus, tmp_path):
    project = opened(questions__max_per_section=3)
    rows = [
        *answers(),
        {"question": "who knows", "answer": ""},
        {"question": "alpha0 beta0", "answer": answers()[9]["answer"]},
    ]
    path = write_lines(tmp_path / "qa.jsonl", rows)
    human = human_questions(project, corpus, [path], ("gamma1 beta1 alpha1",), skip_bad_lines=True)
    generated = generate_pairs(project, corpus, (), human)
    told = statistics_of(generated, corpus, generated.pairs).to_json()
    assert told["total_pairs"] == len(generated.pairs)
    for counts in ("by_domain", "by_section_kind", "by_origin", "by_split"):
        assert sum(told[counts].values()) == len(generated.pairs), counts
    assert set(told["by_domain"]) == set(DOMAINS)
    assert set(told["by_split"]) == {part.value for part in Split}
    assert told["by_origin"]["human"] == len(human.pairs)
    assert told["corpus_digest"] == corpus.digest
    lengths = sorted(len(text.split()) for text in texts(generated.pairs))
    assert (told["query_words"]["minimum"], told["query_words"]["maximum"]) == (lengths[0], lengths[-1])
    assert set(told["rejected"]) >= {name.value for name in FilterName} | {"more than max_per_section"}
    assert told["rejected"]["more than max_per_section"]["count"] > 0
    leak = told["rejected"]["from people: equal or near-equal to a held-out question"]
    assert leak["count"] == len(leak["examples"]) > 0
    assert all(row["count"] >= len(row["examples"]) for row in told["rejected"].values())


def test_a_corpus_without_questions_is_said(opened, corpus, sections):
    with pytest.raises(InputError, match="No question could be written for this corpus"):
        generate_pairs(opened(filters__min_words=50, filters__max_words=60), corpus, ())
    with pytest.raises(InputError, match="No question could be written"):
        generate_pairs(opened(), SplitCorpus((), corpus.split), ())
    with pytest.raises(InputError, match="No question could be written"):
        generate_pairs(opened(corpus__min_words=200), corpus, ())


def test_questions_from_people_are_enough(opened, corpus, tmp_path):
    project = opened(corpus__min_words=200)
    human = human_questions(project, corpus, [write_lines(tmp_path / "qa.jsonl", answers())], ())
    assert generate_pairs(project, corpus, (), human).pairs == human.pairs


def counted(project):
    """The same project, and the names of the models that it loads."""
    loaded = []

    def load(folder, name, digest):
        loaded.append(name)
        return project.models.load(folder, name, digest)

    return replace(project, models=replace(project.models, load=load, _loaded={})), loaded


@pytest.mark.parametrize(("mode", "asked"), [("off", []), ("bm25", []), ("base", ["base"]), ("either", ["base"])])
def test_the_round_trip_asks_whom_the_settings_name(opened, corpus, mode, asked):
    project, loaded = counted(opened(filters__round_trip=mode))
    generated = generate_pairs(project, corpus, ())
    assert loaded == asked
    assert (FilterName.ROUND_TRIP in generated.rejections.by_filter) is (mode != "off")


def test_the_base_model_decides_what_passes(opened, corpus, tmp_path):
    given = {"filters__round_trip": "base", "filters__round_trip_top": 1}
    blind = generate_pairs(opened(**given), corpus, ())
    write_stand_in(tmp_path / "sighted", "weights")
    sighted = generate_pairs(opened(**given, training__base_model="sighted"), corpus, ())
    lost = FilterName.ROUND_TRIP
    assert len(blind.pairs) < len(sighted.pairs) / 2
    assert blind.rejections.by_filter[lost] > sighted.rejections.by_filter[lost]


def test_a_language_model_must_be_named(opened, corpus, docs, tmp_path):
    project = opened(questions__writers=["template", "llm"])
    with pytest.raises(ConfigError, match=r"llm\.model is empty"):
        generate_pairs(project, corpus, ())
    with pytest.raises(ConfigError):
        generate_file(project, GenerationRequest(tmp_path / "pairs.jsonl", docs))
    assert not (tmp_path / "pairs.jsonl").exists()
    assert not journal_of(project).exists()


def asking(server, **changes):
    writers = {"questions__writers": ["llm"], "llm__model": "tiny", "llm__base_url": server.url, "llm__max_retries": 0}
    return writers | changes


def one_question(request):
    """Asks for the end of the section in words that no other question has."""
    words = request.text.split()[-5:]
    question = {"question": f"{' '.join(words)} {request.mark}", "answer_quote": " ".join(words), "kind": "natural"}
    return completion(json.dumps({"questions": [question]}))


def test_a_language_model_writes_once(opened, corpus, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "unused")
    with LlmServer(one_question) as server:
        project = opened(**asking(server, filters__round_trip="off"))
        generated = generate_pairs(project, corpus, ())
        assert generate_pairs(project, corpus, ()) == generated
    assert sorted(server.asked.values()) == [1] * len(corpus.sections)
    assert {pair.query.origin for pair in generated.pairs} == {Origin.LLM}
    assert {pair.provenance.section_id for pair in generated.pairs} == {section.id for section in corpus.sections}
    assert journal_of(project).is_file()
    assert generated.rejections.by_filter["llm: section not asked about, the budget was used up"] == 0


def test_what_a_language_model_did_not_write_is_counted(opened, corpus, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "unused")
    events = []
    with LlmServer(lambda request: complaint(500) if request.number % 4 == 3 else good(request)) as server:
        project = opened(events, **asking(server, llm__concurrency=1, llm__max_tokens_budget=4000))
        found = generate_pairs(project, corpus, ()).rejections.by_filter
    given_up = sum(count for name, count in found.items() if name.startswith("llm: section given up"))
    unasked = found["llm: section not asked about, the budget was used up"]
    assert given_up > 0
    assert unasked > 0
    assert len(server.asked) == len(corpus.sections) - unasked
    assert any("budget" in event.message for event in events if isinstance(event, Alert))


def test_a_file_with_statistics_beside_it(opened, docs, tmp_path):
    output = tmp_path / "data" / "pairs.jsonl"
    made = generate_file(opened(), GenerationRequest(output, docs))
    assert made.pairs == len(read_pairs_file(output).items)
    assert made.sections == 24
    stats = json.loads((tmp_path / "data" / "stats.json").read_text())
    assert stats == made.statistics.to_json()
    assert made.statistics.pairs_digest == digest_file(output)
    assert corpus_of_pairs(output) == made.statistics.corpus_digest != ""
    again = generate_file(opened(), GenerationRequest(tmp_path / "again.jsonl", docs))
    assert again == made
    assert (tmp_path / "again.jsonl").read_bytes() == output.read_bytes()
    output.write_text(output.read_text() + "\n")
    assert corpus_of_pairs(output) == ""


def known_fields(pair):
    """A pair without the record that its file listed the negatives although there is one at most."""
    extras = {name: value for name, value in pair.provenance.extras.items() if name != "negatives"}
    return replace(pair, provenance=replace(pair.provenance, extras=extras))


@pytest.mark.parametrize("ending", ["json", "csv", "tsv", "parquet"])
def test_every_format_holds_the_same_pairs(opened, docs, tmp_path, ending):
    questions = (write_lines(tmp_path / "qa.jsonl", answers()),)
    for name in ("pairs.jsonl", f"pairs.{ending}"):
        request = GenerationRequest(tmp_path / name, docs, questions=questions, hard_negatives=True)
        generate_file(opened(), request)
    found = [known_fields(pair) for pair in read_pairs_file(tmp_path / f"pairs.{ending}").items]
    assert found == [known_fields(pair) for pair in read_pairs_file(tmp_path / "pairs.jsonl").items]
    assert any(pair.negatives for pair in found)
    assert {pair.provenance.extras.get("id") for pair in found if pair.query.origin is Origin.HUMAN} >= {"q0"}


@pytest.fixture
def beir(tmp_path, sections):
    folder = tmp_path / "manuals"
    (folder / "qrels").mkdir(parents=True)
    write_lines(folder / "corpus.jsonl", [{"_id": s.id, "title": s.heading, "text": s.text} for s in sections])
    parts = ["train", "dev", "test"]
    queries = [{"_id": f"q{n}", "text": f"delta{n} eps{n}", "metadata": {}} for n in range(len(sections))]
    write_lines(folder / "queries.jsonl", queries)
    for part in parts:
        numbers = [n for n in range(len(sections)) if parts[n % 3] == part]
        lines = [f"q{n}\t{sections[n].id}\t1\n" for n in numbers]
        (folder / "qrels" / f"{part}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))
    return folder


def test_a_beir_folder_is_the_corpus(opened, beir, sections, tmp_path):
    made = generate_file(opened(), GenerationRequest(tmp_path / "pairs.jsonl", beir=beir))
    found = read_pairs_file(tmp_path / "pairs.jsonl").items
    assert made.sections == len(sections)
    assert {pair.provenance.section_id for pair in found} == {section.id for section in sections}
    assert Origin.HUMAN not in {pair.query.origin for pair in found}


def test_a_beir_folder_is_trained_on_by_its_train_split_alone(opened, beir, tmp_path):
    generate_file(opened(), GenerationRequest(tmp_path / "pairs.jsonl", beir=beir, questions=(beir,)))
    found = read_pairs_file(tmp_path / "pairs.jsonl").items
    asked = [pair for pair in found if pair.query.origin is Origin.HUMAN]
    assert asked
    assert {int(pair.query.id.removeprefix("q")) % 3 for pair in asked} == {0}


def test_suites_and_selection_reach_the_questions(opened, docs, tmp_path):
    suite = [{"query": row["question"].upper(), "expected": row["answer"]} for row in answers()[:9]]
    (tmp_path / "suite.json").write_text(json.dumps([{"Q": c["query"], "expected": c["expected"]} for c in suite]))
    levels = ["easy", "medium", "hard"]
    rows = [
        {"query": row["question"], "expected": row["answer"], "difficulty": levels[n % 3], "category": "ab"[n % 2]}
        for n, row in enumerate(answers())
    ]
    (tmp_path / "asked.json").write_text(json.dumps(rows))
    request = GenerationRequest(
        tmp_path / "pairs.jsonl",
        docs,
        questions=(tmp_path / "asked.json",),
        suites=(tmp_path / "suite.json",),
        selection=Selection(Difficulty.MEDIUM, ("B",)),
        mapping=(("query", "Q"),),
    )
    made = generate_file(opened(), request)
    human = [p for p in read_pairs_file(tmp_path / "pairs.jsonl").items if p.query.origin is Origin.HUMAN]
    assert {pair.query.difficulty for pair in human} == {"medium", "hard"}
    assert {pair.query.category for pair in human} == {"a"}
    assert near(texts(human), [case["query"] for case in suite]) == []
    rejected = made.statistics.rejections.by_filter
    assert rejected["from people: category b"] == 12
    assert rejected["from people: difficulty easy"] == 4
    assert rejected["from people: equal or near-equal to a held-out question"] > 0


@pytest.mark.parametrize("part", ["questions", "suites"])
def test_a_malformed_row_stops_or_is_told(opened, docs, tmp_path, part):
    rows = [{"query": row["question"], "expected": row["answer"]} for row in answers()]
    path = write_lines(tmp_path / "asked.jsonl", [*rows, {"query": "x"}])
    request = GenerationRequest(tmp_path / "out" / "pairs.jsonl", docs, **{part: (path,)})
    with pytest.raises(FormatError, match="line 25"):
        generate_file(opened(), request)
    assert not (tmp_path / "out").exists()
    events = []
    generate_file(opened(events), replace(request, skip_bad_lines=True))
    assert any("1 malformed" in event.message for event in events if isinstance(event, Alert))


def test_statistics_do_not_overwrite_the_pairs(opened, docs, tmp_path):
    with pytest.raises(InputError, match="is where the statistics go"):
        generate_file(opened(), GenerationRequest(tmp_path / "stats.json", docs))
    assert not (tmp_path / "stats.json").exists()


def run_stage(project, corpus, tested=()):
    return data_stage(project, corpus, tested, project_questions(project, corpus, tested))


def kinds(events):
    return [type(event) for event in events if isinstance(event, StageStarted | StageSkipped)]


def test_the_stage_runs_once(opened, corpus, tmp_path):
    write_lines(tmp_path / "qa.jsonl", answers())
    events = []
    project = opened(events, project__questions=["qa.jsonl"])
    folder = run_stage(project, corpus)
    assert run_stage(project, corpus) == folder
    assert kinds(events) == [StageStarted, StageSkipped]
    found = read_pairs_file(folder / "pairs.jsonl").items
    assert {pair.query.origin for pair in found} == {Origin.HUMAN, Origin.TEMPLATE, Origin.EXTRACTIVE}
    assert any(pair.negatives for pair in found if pair.query.origin is Origin.HUMAN)
    stats = json.loads((folder / "stats.json").read_text())
    assert stats["total_pairs"] == len(found)
    assert stats["negatives"] == sum(len(pair.negatives) for pair in found) > 0


@pytest.mark.parametrize(
    "change",
    [
        {"filters__min_words": 3},
        {"questions__max_per_section": 4},
        {"llm__questions_per_section": 3},
        {"split__dev_share": 0.21},
        {"training__heading_share": 0.1},
        {"negatives__per_pair": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_stage_runs_again_for_another_setting(opened, corpus, tmp_path, change):
    write_lines(tmp_path / "qa.jsonl", answers())
    run_stage(opened(project__questions=["qa.jsonl"]), corpus)
    events = []
    run_stage(stand_in_project(tmp_path, events, **{**SAMPLES, "project__questions": ["qa.jsonl"], **change}), corpus)
    assert kinds(events) == [StageStarted]


def test_the_stage_runs_again_for_other_questions(opened, corpus, tmp_path):
    path = write_lines(tmp_path / "qa.jsonl", answers())
    events = []
    project = opened(events, project__questions=["qa.jsonl"])
    run_stage(project, corpus)
    write_lines(path, answers()[1:])
    run_stage(project, corpus)
    run_stage(project, corpus, ("alpha3 beta3 gamma3",))
    run_stage(opened(events), corpus, ("alpha3 beta3 gamma3",))
    assert kinds(events) == [StageStarted] * 4
