import errno
import json
from pathlib import Path

import numpy as np
import pytest
from anomaly_samples import FOREIGN, QUESTIONS, BareEncoder, TokenEncoder, fitted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from embedtune.anomaly.loading import load_detector
from embedtune.anomaly.storage import ARRAYS_NAME, CARD_NAME, read_detector
from embedtune.errors import InputError, ModelError
from embedtune.files import digest_bytes, digest_value


@pytest.fixture
def folder(detector, tmp_path):
    detector.save(tmp_path / "anomaly")
    return tmp_path / "anomaly"


def edit_envelope(folder, change, *, resign):
    path = folder / CARD_NAME
    envelope = json.loads(path.read_text())
    change(envelope)
    if resign:
        envelope["card_sha256"] = digest_value(envelope["card"])
    path.write_text(json.dumps(envelope))


def replace_arrays(folder, data):
    (folder / ARRAYS_NAME).write_bytes(data)
    edit_envelope(folder, lambda envelope: envelope["card"].update(arrays_sha256=digest_bytes(data)), resign=True)


@pytest.mark.parametrize("name", [CARD_NAME, ARRAYS_NAME])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name) as caught:
        load_detector(folder, TokenEncoder())
    assert "embedtune anomaly fit" in caught.value.remedy


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere"):
        load_detector(tmp_path / "nowhere", TokenEncoder())


@pytest.mark.parametrize("name", [CARD_NAME, ARRAYS_NAME])
@pytest.mark.parametrize("kept", [0, 1, 7, 200, -1])
def test_a_truncated_file_is_refused(folder, name, kept):
    data = (folder / name).read_bytes()
    # The last byte of the JSON file is its line feed, which means nothing.
    (folder / name).write_bytes(data[: kept - 1 if kept < 0 else kept])
    with pytest.raises(ModelError, match=name):
        load_detector(folder, TokenEncoder())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_the_arrays_is_refused(folder, share, bit):
    path = folder / ARRAYS_NAME
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[int(share * len(whole))] ^= 1 << bit
    path.write_bytes(damaged)
    with pytest.raises(ModelError, match="altered or damaged"):
        load_detector(folder, TokenEncoder())
    path.write_bytes(whole)


@pytest.mark.parametrize("position", [0, 3, 8, 9, 40])
def test_a_damaged_header_is_refused_even_with_a_matching_digest(folder, position):
    data = bytearray((folder / ARRAYS_NAME).read_bytes())
    data[position] ^= 0xFF
    replace_arrays(folder, bytes(data))
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_detector(folder, TokenEncoder())


@pytest.mark.parametrize("data", [b"", b"\x80\x04K\x01.", b"PK\x03\x04" * 9])
def test_a_foreign_file_is_refused_even_with_a_matching_digest(folder, data):
    replace_arrays(folder, data)
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_detector(folder, TokenEncoder())


def test_an_edited_card_is_refused(folder):
    edit_envelope(folder, lambda envelope: envelope["card"].update(alpha=0.5), resign=False)
    with pytest.raises(ModelError, match="was altered"):
        load_detector(folder, TokenEncoder())


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda envelope: envelope.update(format="other"), "format"),
        (lambda envelope: envelope.update(format_version=1), "format_version"),
        (lambda envelope: envelope["card"].pop("arrays_sha256"), r"card\.arrays_sha256"),
        (lambda envelope: envelope.update(more=1), "more"),
        (lambda envelope: envelope["card"].update(dimension="32"), r"card\.dimension"),
        (lambda envelope: envelope["card"].update(alpha=1.5), r"card\.alpha"),
    ],
)
def test_a_foreign_card_is_refused_with_the_place(folder, change, place):
    edit_envelope(folder, change, resign=True)
    with pytest.raises(ModelError, match=place):
        load_detector(folder, TokenEncoder())


@pytest.mark.parametrize("text", ["[]", "3", "", "{", "\x00"])
def test_a_card_that_is_no_object_is_refused(folder, text):
    (folder / CARD_NAME).write_text(text)
    with pytest.raises(ModelError, match=CARD_NAME):
        load_detector(folder, TokenEncoder())


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("topic.weights", np.zeros(31, np.float32), r"weights is float32\(31,\) and does not fit"),
        ("topic.weights", np.full(32, np.nan, np.float32), "not finite"),
        ("intent.token_weights", None, "token_weights is missing"),
        ("wording.reference", np.zeros(0), "reference"),
        ("wording.novelty", np.zeros(1), "novelty is float64"),
        ("passages.known", np.zeros((3, 31), np.float16), "known"),
        ("known", np.zeros((1, 32), np.float16), "known is float16"),
        ("reference.new_words", None, "new_words is missing"),
        ("calibration.", None, "153 calibration scores"),
        ("calibration.", np.zeros(152), "153 calibration scores"),
        ("calibration.", np.zeros(153, np.float32), "153 calibration scores"),
        ("calibration.", np.full(153, np.nan), "153 calibration scores"),
    ],
)
def test_arrays_must_be_those_that_the_card_asks_for(folder, name, array, reason):
    arrays = load((folder / ARRAYS_NAME).read_bytes())
    del arrays[name]
    replace_arrays(folder, save(arrays if array is None else {**arrays, name: array}))
    with pytest.raises(ModelError, match=reason):
        load_detector(folder, TokenEncoder())


def test_a_detector_of_an_unknown_kind_is_refused(folder):
    edit_envelope(folder, lambda envelope: envelope["card"].update(detectors=["oracle"]), resign=True)
    with pytest.raises(ModelError, match="no detector 'oracle'"):
        load_detector(folder, TokenEncoder())


def test_another_model_is_refused_before_anything_is_scored(folder):
    other = TokenEncoder()
    other.digest = "sha256:other"
    with pytest.raises(ModelError, match="was fitted on the model sha256:words, not on sha256:other"):
        load_detector(folder, other)
    with pytest.raises(ModelError, match="this model has none"):
        load_detector(folder, BareEncoder())


@pytest.mark.parametrize("detectors", [None, ("mahalanobis", "nearest", "autoencoder")])
def test_a_loaded_detector_says_the_same(detector, tmp_path, detectors):
    made = fitted(detectors=detectors) if detectors else detector
    made.save(tmp_path / "anomaly")
    loaded = load_detector(tmp_path / "anomaly", TokenEncoder())
    assert loaded.card == made.card
    assert loaded.threshold == made.threshold
    encoder = TokenEncoder()
    texts = [*QUESTIONS[:9], *FOREIGN, "how <|system|>"]
    for one, two in zip(loaded.score_texts(encoder, texts), made.score_texts(encoder, texts), strict=True):
        assert one.verdict is two.verdict
        assert one.p_value == two.p_value
        assert one.score == pytest.approx(two.score, rel=1e-3)


def test_calibration_must_be_enough_for_the_alpha_of_the_card(folder):
    edit_envelope(folder, lambda envelope: envelope["card"].update(alpha=0.0005), resign=True)
    with pytest.raises(ModelError, match="at least 5990"):
        load_detector(folder, TokenEncoder())


def test_two_detectors_cannot_be_mixed(folder, tmp_path):
    fitted(seed=9, detectors=("wording",)).save(tmp_path / "other")
    (folder / ARRAYS_NAME).write_bytes((tmp_path / "other" / ARRAYS_NAME).read_bytes())
    with pytest.raises(ModelError, match="altered or damaged"):
        load_detector(folder, TokenEncoder())


def test_detectors_whose_arrays_alone_differ_are_two(tmp_path):
    # The same numbers of queries, the same settings: only what was said differs.
    one, other = (
        fitted(queries=[f"{t}{end}" for t in QUESTIONS], detectors=("wording",), keep_queries=False)
        for end in ("", " now")
    )
    rest = {"exclude": {"arrays_sha256"}}
    assert one.card.model_dump(**rest) == other.card.model_dump(**rest)
    assert one.card.digest != other.card.digest
    one.save(tmp_path / "anomaly")
    assert load_detector(tmp_path / "anomaly", TokenEncoder()).card.digest == one.card.digest


def test_a_folder_that_holds_something_is_left_as_it_is(detector, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        detector.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_an_empty_folder_is_filled(detector, tmp_path):
    (tmp_path / "anomaly").mkdir()
    detector.save(tmp_path / "anomaly")
    card, arrays = read_detector(tmp_path / "anomaly")
    assert card.encoder_digest == "sha256:words"
    assert arrays["calibration."].shape == (153,)


def test_the_parent_must_be_a_folder(detector, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        detector.save(tmp_path / "file" / "anomaly")


def test_a_disk_that_fills_leaves_no_folder(detector, tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left on device"):
        detector.save(tmp_path / "anomaly")
    assert list(tmp_path.iterdir()) == []
