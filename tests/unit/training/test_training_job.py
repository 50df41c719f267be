from __future__ import annotations

from dataclasses import replace

import pytest

from training_samples import sample_dev, sample_job, sample_pairs, sample_settings


def changed_pair(**changes):
    first, *others = sample_pairs()
    return (replace(first, **changes), *others)


FIRST = sample_pairs()[0]
OTHER_JOBS = {
    "question": {"pairs": changed_pair(query=replace(FIRST.query, text="another"))},
    "positive": {"pairs": changed_pair(positive="another")},
    "cluster": {"pairs": changed_pair(provenance=replace(FIRST.provenance, cluster="c9"))},
    "section": {"pairs": changed_pair(provenance=replace(FIRST.provenance, section_id="s9"))},
    "negative": {"pairs": changed_pair(negatives=())},
    "negative's section": {"pairs": changed_pair(negatives=(replace(FIRST.negatives[0], section_id="s9"),))},
    "order": {"pairs": sample_pairs()[::-1]},
    "no dev": {"dev": None},
    "dev": {"dev": replace(sample_dev(), passages=sample_dev().passages[1:])},
    "seed": {"seed": 4},
    "rate": {"learning_rate": 1e-3},
    "layers": {"train_layers": 1},
}


@pytest.mark.parametrize("name", OTHER_JOBS)
def test_the_jobs_digest_changes_with_what_decides_the_result(tiny_model, tmp_path, name):
    assert sample_job(tiny_model, tmp_path, **OTHER_JOBS[name]).digest != sample_job(tiny_model, tmp_path).digest


def test_the_jobs_digest_ignores_where_things_lie(tiny_model, tmp_path):
    job = sample_job(tiny_model, tmp_path)
    moved = replace(job, run=tmp_path / "elsewhere", settings=sample_settings(base_model=str(tiny_model)))

    assert moved.digest == job.digest
    assert replace(job, base_digest="sha256:another").digest != job.digest


@pytest.mark.parametrize(
    ("dev", "measured"), [(None, False), (replace(sample_dev(), queries=()), False), (sample_dev(), True)]
)
def test_a_job_is_measured_if_it_has_dev_questions(tiny_model, tmp_path, dev, measured):
    assert sample_job(tiny_model, tmp_path, dev=dev).measured is measured
