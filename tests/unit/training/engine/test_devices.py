from __future__ import annotations

import json
import signal

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from sentence_transformers import SentenceTransformer

from embedtune.errors import ConfigError, InterruptedRunError
from embedtune.events import Alert, Progress, silent
from embedtune.training.engine import devices
from embedtune.training.engine.devices import forward_to_wrap, resolve_device, resolve_precision, seconds_of_products
from embedtune.training.trainer import train_model
from training_samples import sample_job


@pytest.fixture
def machine(monkeypatch):
    """Return what sets how long matrix products take on this machine, and which devices it has."""

    def has(seconds=None, *, cuda=False, mps=False, bf16=True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(devices, "seconds_of_products", lambda precision, device, width: seconds[precision])

    return has


@pytest.mark.parametrize(
    ("present", "found"), [({"cuda": True, "mps": True}, "cuda"), ({"mps": True}, "mps"), ({}, "cpu")]
)
def test_auto_takes_the_fastest_device_there_is(machine, present, found):
    machine(**present)

    assert resolve_device("auto") == found


def test_a_device_that_is_not_there_is_refused(machine):
    machine()

    with pytest.raises(ConfigError, match="no cuda device"):
        resolve_device("cuda")


@pytest.mark.parametrize(
    ("device", "seconds", "bf16", "found"),
    [
        ("cpu", {"fp32": 1.0, "bf16": 50.0}, True, "fp32"),
        ("cpu", {"fp32": 1.0, "bf16": 0.8}, True, "fp32"),  # not clearly faster
        ("cpu", {"fp32": 1.0, "bf16": 0.5}, True, "bf16"),
        ("cuda", {"fp32": 1.0, "bf16": 0.2}, True, "bf16"),
        ("cuda", {"fp32": 1.0, "bf16": 0.2}, False, "fp32"),
        ("mps", {}, True, "fp32"),
    ],
)
def test_auto_takes_bf16_where_it_is_clearly_faster(machine, device, seconds, bf16, found):
    machine(seconds, cuda=device == "cuda", mps=device == "mps", bf16=bf16)

    assert resolve_precision("auto", device, 384, silent) == found


def test_a_narrow_model_is_not_probed(machine):
    machine({"fp32": 1.0, "bf16": 0.1})

    assert resolve_precision("auto", "cpu", 128, silent) == "fp32"


def test_fp32_is_not_probed(machine):
    machine({})

    assert resolve_precision("fp32", "cpu", 384, silent) == "fp32"


def test_what_is_asked_for_is_done_and_its_slowness_told(machine):
    machine({"fp32": 1.0, "bf16": 50.0})
    told = []

    assert resolve_precision("bf16", "cpu", 384, told.append) == "bf16"
    assert [type(event) for event in told] == [Alert]


@pytest.mark.parametrize(("precision", "device"), [("fp16", "cpu"), ("fp16", "mps"), ("bf16", "mps")])
def test_a_precision_that_the_device_lacks_is_refused(machine, precision, device):
    machine({}, mps=device == "mps")

    with pytest.raises(ConfigError, match=f"{precision} cannot be trained with on this {device}"):
        resolve_precision(precision, device, 384, silent)


def test_the_probe_draws_no_random_number():
    torch.manual_seed(1)
    before = torch.get_rng_state()

    assert seconds_of_products("fp32", "cpu", 16) > 0
    assert torch.equal(torch.get_rng_state(), before)


class Other:
    """A forward pass in the model's place."""

    def forward(self, features):
        return {**features, "by": self}


@pytest.mark.parametrize("installed", [False, True])
def test_a_forward_pass_of_another_object_survives_being_wrapped(tiny_model, installed):
    AcceleratorState._reset_state(reset_partial_state=True)  # as the trainer does before each training
    model = SentenceTransformer(str(tiny_model), device="cpu")
    features = model.preprocess(["a text"])
    plain = model(dict(features))["sentence_embedding"]
    other = Other()
    if installed:
        model.forward = other.forward
    before = dict(model.__dict__)
    with forward_to_wrap(model):
        Accelerator(cpu=True, mixed_precision="bf16").prepare_model(model)
        found = model(dict(features))
    if installed:
        assert found["by"] is other
    else:
        assert found["sentence_embedding"].dtype == torch.float32
        assert torch.allclose(found["sentence_embedding"], plain, atol=0.05)
        assert not torch.equal(found["sentence_embedding"], plain)

    assert {name: model.__dict__[name] for name in before} == before
    assert set(model.__dict__) - set(before) <= {"_is_accelerate_prepared"}


def test_the_precision_of_a_run_is_recorded_and_stays_when_it_goes_on(tiny_model, tmp_path, monkeypatch):
    job = sample_job(tiny_model, tmp_path / "run", precision="auto", epochs=1, dev=None)
    monkeypatch.setattr(devices, "_NARROW", 1)
    monkeypatch.setattr(devices, "seconds_of_products", lambda precision, device, width: float(precision == "fp32"))
    with pytest.raises(InterruptedRunError):
        train_model(job, report=stop_at_three)
    point = json.loads((job.run / "resume.json").read_text())
    monkeypatch.setattr(devices, "seconds_of_products", lambda precision, device, width: float(precision == "bf16"))

    train_model(job, resume=True)

    assert point["precision"] == "bf16"
    assert json.loads((job.run / "resume.json").read_text())["precision"] == "bf16"
    assert "precision bf16" in (job.run / "training.log").read_text()
    train_model(sample_job(tiny_model, tmp_path / "single", precision="fp32", epochs=1, dev=None))
    halves = [(run / "model" / "model.safetensors").read_bytes() for run in (job.run, tmp_path / "single")]
    assert halves[0] != halves[1]


def stop_at_three(event):
    if isinstance(event, Progress) and event.activity == "Training" and event.done == 3:
        signal.raise_signal(signal.SIGTERM)
