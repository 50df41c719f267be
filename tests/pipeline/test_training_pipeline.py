from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from embedtune.encoders.digests import model_digest
from embedtune.errors import InputError
from embedtune.files import digest_file
from embedtune.pairs.formats.training_pairs import read_training_pairs
from embedtune.pipeline.project import config_digest
from embedtune.pipeline.training import run_origin, train_run, training_sets
from embedtune.vocabulary.pairs import Origin, Provenance, Query, Split, TrainingPair
from project_samples import opened
from stand_in_models import write_stand_in_run


def pair(section, number=0, split=Split.TRAIN, **provenance):
    place = {"section_id": f"s{section}", "cluster": f"c{section}", **provenance}
    return TrainingPair(
        Query(f"q{section}-{number}", f"question {number} of {section}", Origin.TEMPLATE, domain="d"),
        f"positive {section}",
        (),
        Provenance(split=split, **place),
    )


def test_given_parts_are_kept():
    pairs = (pair(1), pair(2, split=Split.DEV), pair(3, split=Split.TEST), pair(4))
    sets = training_sets(pairs, seed=1)
    assert [p.provenance.section_id for p in sets.train] == ["s1", "s4"]
    assert [query.id for query in sets.dev.queries] == ["q2-0"]
    assert {passage.section_id for passage in sets.dev.passages} == {"s1", "s2", "s3", "s4"}
    assert set(sets.dev.qrels.relevant("q2-0")) == {"s2"}


def test_without_a_dev_part_a_tenth_of_the_clusters_is_held_out():
    pairs = tuple(pair(section, number) for section in range(300) for number in range(2))
    sets = training_sets(pairs, seed=1)
    held_out = {query.id.split("-")[0] for query in sets.dev.queries}
    trained = {p.query.id.split("-")[0] for p in sets.train}
    assert not held_out & trained
    assert len(held_out | trained) == 300
    assert 15 <= len(held_out) <= 45
    assert Counter(query.id.split("-")[0] for query in sets.dev.queries) == dict.fromkeys(held_out, 2)


def test_draw_depends_on_the_seed_and_on_nothing_else():
    pairs = tuple(pair(section) for section in range(100))
    given = ((pairs, 1), (pairs[::-1], 1), (pairs, 2))
    drawn = [{query.id for query in training_sets(some, seed).dev.queries} for some, seed in given]
    assert drawn[0] == drawn[1] != drawn[2]


def test_pairs_without_sections_are_held_out_by_their_positive():
    pairs = tuple(pair(section, number, section_id="", cluster="") for section in range(200) for number in range(2))
    sets = training_sets(pairs, seed=1)
    assert sets.dev.queries
    trained = {p.positive for p in sets.train}
    assert not {f"positive {query.id[1:].split('-')[0]}" for query in sets.dev.queries} & trained


def asked_by_people(count):
    held_out = [pair(section, split=Split.DEV) for section in range(100)]
    people = [replace(p, query=replace(p.query, origin=Origin.HUMAN)) for p in held_out[:count]]
    return (pair(100), *people, *held_out[count:])


def test_the_model_is_measured_on_peoples_questions_where_there_are_enough():
    dev = training_sets(asked_by_people(20), seed=1).dev

    assert {query.origin for query in dev.queries} == {Origin.HUMAN}
    assert len(dev.queries) == 20


def test_few_questions_of_people_are_all_measured_on_with_generated_ones():
    dev = training_sets(asked_by_people(19), seed=1).dev

    assert Counter(query.origin for query in dev.queries) == {Origin.HUMAN: 19, Origin.TEMPLATE: 81}


def test_a_question_with_two_answers_is_one_question():
    pairs = (pair(1), pair(2, split=Split.DEV), replace(pair(3, split=Split.DEV), query=pair(2).query))

    dev = training_sets(pairs, seed=1).dev

    assert [query.id for query in dev.queries] == ["q2-0"]
    assert set(dev.qrels.relevant("q2-0")) == {"s2", "s3"}


def test_pairs_marked_as_test_are_never_trained_on():
    pairs = tuple(pair(section, split=Split.TEST if section % 2 else Split.TRAIN) for section in range(100))
    sets = training_sets(pairs, seed=1)
    assert all(int(p.provenance.section_id[1:]) % 2 == 0 for p in sets.train)
    assert all(int(query.id[1:].split("-")[0]) % 2 == 0 for query in sets.dev.queries)


def test_nothing_to_train_on():
    with pytest.raises(InputError, match="holds no training pair"):
        training_sets((pair(1, split=Split.DEV),), seed=1)


def test_origin_says_what_a_run_was_made_from(finished):
    origin = run_origin(finished / ".embedtune" / "run")
    assert origin.base_model == "base"
    assert origin.base_model_hash == model_digest(finished / "base")
    assert origin.pairs_hash == digest_file(finished / ".embedtune" / "data" / "pairs.jsonl")
    assert origin.config_hash == config_digest(opened(finished).config)
    assert 0 < origin.trainable_params < origin.total_params


def test_flow_trains_on_the_training_part_alone(finished):
    progress = json.loads((finished / ".embedtune" / "run" / "training_progress.json").read_text())
    pairs = read_training_pairs(finished / ".embedtune" / "data" / "pairs.jsonl").items
    counts = Counter(p.provenance.split for p in pairs)
    assert (progress["train_examples"], progress["eval_examples"]) == (counts[Split.TRAIN], counts[Split.DEV])
    assert progress["training_completed"]


def test_origin_of_an_earlier_model_says_nothing(tmp_path):
    run = write_stand_in_run(tmp_path / "run", "first")
    assert run_origin(run).base_model == "base"
    (run / "model" / "model.safetensors").write_text("second")
    with pytest.raises(InputError, match="not a finished run"):
        run_origin(run)


def test_negatives_are_mined_again_while_training(finished, tmp_path):
    project = opened(finished, training__remine_epochs=1, training__epochs=2)
    pairs = finished / ".embedtune" / "data" / "pairs.jsonl"

    result = train_run(project, pairs, tmp_path / "run", resume=False)

    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    (mined,) = [row for row in rows if "negatives" in row]
    assert mined["step"] == result.steps // 2 + 1
    assert 0 < mined["negatives_changed"] <= mined["negatives"]
    written = (tmp_path / "run" / "negatives-epoch-2.jsonl").read_text().splitlines()
    found = [negative for line in written for negative in json.loads(line)["negatives"]]
    assert len(found) == mined["negatives"]
    assert "current" in {negative["source"] for negative in found}
    away = {p.provenance.section_id for p in read_training_pairs(pairs).items if p.provenance.split is not Split.TRAIN}
    assert not away & {negative["section_id"] for negative in found}


def test_positives_of_all_other_parts_are_held_out():
    pairs = (pair(1), pair(2, split=Split.DEV), pair(3, split=Split.TEST))
    assert training_sets(pairs, seed=1).held_out == ("positive 2", "positive 3")
