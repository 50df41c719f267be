from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embedtune.encoders.fake import FakeEncoder
from embedtune.errors import DocumentError
from embedtune.pipeline.behaviour import check_behaviour
from embedtune.pipeline.behaviour_texts import BUILT_IN, ODD, corpus_texts
from embedtune.vocabulary.corpus import Section, SectionKind
from project_samples import write_corpus
from stand_in_models import stand_in_project, write_stand_in

CHECKS = (
    "loads and encodes",
    "dimension",
    "a query of every domain",
    "same-domain similarity above cross-domain",
    "a batch of 50 equals one by one",
    "no NaN or Inf",
    "unit norms",
)


class Spoilt(FakeEncoder):
    """Encodes like the fake, but for one fault."""

    def __init__(self, fault):
        super().__init__()
        object.__setattr__(self, "fault", fault)

    def encode(self, texts):
        vectors = FakeEncoder.encode(self, texts)
        if self.fault == "collapsed":
            vectors[:] = FakeEncoder.encode(self, ["same"])
        elif self.fault == "batch" and len(texts) > 1:
            vectors = np.roll(vectors, 1, axis=1) * np.float32(0.001) + vectors
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        elif self.fault == "nan":
            vectors[[text == "?" for text in texts], 0] = np.nan
        elif self.fault == "long":
            vectors *= np.float32(1.001)
        elif self.fault == "noise":
            vectors = FakeEncoder.encode(self, ["".join(text.split()) for text in texts])
        elif self.fault == "short" and vectors.shape[1] == 32:
            vectors = vectors[:, :31] / np.linalg.norm(vectors[:, :31], axis=1, keepdims=True)
        elif self.fault == "crash" and "?" in texts:
            raise IndexError("index out of range in self")
        return vectors


def checked(folder, encoder=None, corpus=None):
    project = stand_in_project(folder)
    if encoder:
        project = replace(project, models=replace(project.models, load=lambda *_: encoder, _loaded={}))
    write_stand_in(folder / "saved", "good")
    return check_behaviour(project, str(folder / "saved"), corpus)


def test_a_sound_model_passes_every_check(tmp_path):
    report = checked(tmp_path, FakeEncoder())
    assert report.passed
    assert tuple(check.name for check in report.checks) == CHECKS
    assert report.texts == "built-in sentences"
    assert all(check.value for check in report.checks)


@pytest.mark.parametrize(
    ("fault", "failed", "value"),
    [
        ("collapsed", {CHECKS[2], CHECKS[3]}, "1.0000"),
        ("batch", {CHECKS[4]}, "largest difference"),
        ("nan", {CHECKS[5], CHECKS[6]}, "1 of "),
        ("long", {CHECKS[6]}, "1.0e-03"),
        ("noise", {CHECKS[3]}, "within"),
        ("short", {CHECKS[1]}, "31 in its vectors, 32 by the model"),
    ],
)
def test_a_fault_fails_its_check_and_no_other(tmp_path, fault, failed, value):
    report = checked(tmp_path, Spoilt(fault))
    assert not report.passed
    assert {check.name for check in report.checks if not check.passed} == failed
    assert any(value in check.value for check in report.checks if not check.passed)


def test_a_model_that_breaks_off_fails_the_first_check(tmp_path):
    report = checked(tmp_path, Spoilt("crash"))
    (check,) = report.checks
    assert (check.name, check.passed, check.value) == (CHECKS[0], False, "IndexError: index out of range in self")


def test_a_folder_without_a_model_does_not_load(tmp_path):
    (tmp_path / "empty").mkdir()
    (check,) = check_behaviour(stand_in_project(tmp_path), str(tmp_path / "empty")).checks
    assert not check.passed
    assert "modules.json" in check.value


def test_real_weights_that_are_not_finite_are_found(tmp_path, tiny_model):
    import shutil

    from safetensors.numpy import load_file, save_file

    from embedtune.pipeline.project import open_project

    shutil.copytree(tiny_model, tmp_path / "saved")
    (weights,) = (tmp_path / "saved").rglob("model.safetensors")
    tensors = load_file(weights)
    name = next(name for name in tensors if name.endswith("word_embeddings.weight"))
    tensors[name][:, 0] = np.nan
    save_file(tensors, weights, metadata={"format": "pt"})
    project = open_project(folder=tmp_path)
    report = check_behaviour(project, str(tmp_path / "saved"))
    assert {check.name for check in report.checks if not check.passed} >= {"no NaN or Inf", "unit norms"}
    assert check_behaviour(project, str(tiny_model)).passed


def test_documents_give_the_texts(tmp_path):
    corpus = write_corpus(tmp_path / "docs")
    report = checked(tmp_path, FakeEncoder(), corpus)
    assert report.texts == str(corpus)
    assert "2 domains (forklift, tractor)" in report.checks[2].value


def test_missing_documents_are_bad_input(tmp_path):
    with pytest.raises(DocumentError):
        checked(tmp_path, FakeEncoder(), tmp_path / "nowhere")


def section(number, domain, text):
    return Section(f"s{number}", "d", domain, (f"Part {number}",), SectionKind.OTHER, text, (1, 2))


def test_texts_are_spread_over_each_domain_and_cut():
    sections = [section(n, ("a", "b")[n % 2], "word " * 100) for n in range(60)]
    texts = corpus_texts(sections, "docs").texts
    assert list(texts) == ["a", "b"]
    assert [text.split()[1] for text in texts["a"]] == [str(2 * (n * 30 // 12)) for n in range(12)]
    assert {len(text.split()) for text in texts["b"]} == {40}


def test_one_domain_has_nothing_to_compare_with():
    texts = corpus_texts([section(n, "a", f"text {n}") for n in range(5)], "docs")
    assert texts.texts is BUILT_IN
    assert "docs has fewer than two domains" in texts.source


def test_built_in_sentences_are_fifty_and_more():
    sentences = [sentence for domain in BUILT_IN.values() for sentence in domain]
    assert len(set(sentences)) == len(sentences) >= 50
    assert all(domain[0].endswith("?") for domain in BUILT_IN.values())
    assert len(set(ODD)) == len(ODD)
