from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from embedtune.errors import FormatError, InputError, ModelError
from embedtune.index import qdrant_embedded, qdrant_shard
from embedtune.index.engine_folder import ENGINE_FILE, LOCK_FILE
from embedtune.index.qdrant_embedded import SHARD_FOLDER, EmbeddedQdrantIndex
from embedtune.vocabulary.corpus import Passage

MODEL = "sha256:model"
QUERY = np.array([1, 0.5, 0.25, 0], dtype=np.float32)


def opened(folder):
    return EmbeddedQdrantIndex.open(folder, 4, MODEL)


def fill(index, count=30):
    rows = np.random.default_rng(2).standard_normal((count, 4)).astype(np.float32)
    index.upsert([Passage(f"s{n}#0", f"s{n}", "text") for n in range(count)], rows, ["x"] * count)


@pytest.fixture
def folder(tmp_path):
    index = opened(tmp_path / "index")
    fill(index)
    index.close()
    return tmp_path / "index"


def test_another_model_or_dimension_is_refused_and_the_index_stays(folder):
    with pytest.raises(ModelError, match=r"sha256:model, not of sha256:other\. Index the corpus again"):
        EmbeddedQdrantIndex.open(folder, 4, "sha256:other")
    with pytest.raises(ModelError, match=r"4 dimensions, not of 8\. Index the corpus again"):
        EmbeddedQdrantIndex.open(folder, 8, MODEL)
    index = opened(folder)
    assert len(index) == 30
    index.close()


def test_a_second_opening_is_refused_until_the_first_is_closed(folder):
    first = opened(folder)
    with pytest.raises(InputError, match=r"already open.*Close that one"):
        opened(folder)
    first.close()
    opened(folder).close()


def test_another_process_is_refused(folder):
    index = opened(folder)
    code = (
        "import sys; from pathlib import Path; from embedtune.errors import InputError\n"
        "from embedtune.index.qdrant_embedded import EmbeddedQdrantIndex\n"
        "try: EmbeddedQdrantIndex.open(Path(sys.argv[1]), 4, 'sha256:model')\n"
        "except InputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    index.close()
    assert "already open, here or in another process" in done.stdout


def test_a_killed_process_loses_no_write_and_leaves_no_lock(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; import numpy as np\n"
        "from embedtune.index.qdrant_embedded import EmbeddedQdrantIndex\n"
        "from embedtune.vocabulary.corpus import Passage\n"
        "index = EmbeddedQdrantIndex.open(Path(sys.argv[1]), 4, 'sha256:model')\n"
        "index.upsert([Passage(f's{n}#0', 's', '') for n in range(9)], np.eye(9, 4, dtype=np.float32), ['x'] * 9)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "index")], check=False)
    assert done.returncode == -signal.SIGKILL
    index = opened(tmp_path / "index")
    assert len(index) == 9
    assert [id_ for id_, _ in index.search(np.eye(4, dtype=np.float32)[1], 1)] == ["s1#0"]
    index.close()


def test_a_moved_folder_still_works(folder, tmp_path):
    index = opened(folder)
    before = index.search(QUERY, 30)
    index.close()
    folder.rename(tmp_path / "moved")
    index = opened(tmp_path / "moved")
    assert index.search(QUERY, 30) == before
    index.close()


def test_an_interrupted_first_opening_is_made_good(tmp_path):
    opened(tmp_path / "index").close()
    shutil.rmtree(tmp_path / "index" / SHARD_FOLDER)
    (tmp_path / "index" / SHARD_FOLDER / "segments").mkdir(parents=True)
    index = opened(tmp_path / "index")
    fill(index, 3)
    assert len(index) == 3
    index.close()


def test_files_of_something_else_are_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(FormatError, match=r"letter\.txt"):
        opened(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - {LOCK_FILE} == {"letter.txt"}


def missing_segments(folder):
    shutil.rmtree(folder / SHARD_FOLDER / "segments")
    shutil.rmtree(folder / SHARD_FOLDER / "wal")


def missing_shard(folder):
    shutil.rmtree(folder / SHARD_FOLDER)


def missing_engine_file(folder):
    (folder / ENGINE_FILE).unlink()


def torn_engine_file(folder):
    (folder / ENGINE_FILE).write_text('{"model_digest": "sha2')


def strange_engine_file(folder):
    (folder / ENGINE_FILE).write_text(json.dumps({"model_digest": MODEL, "dimension": 4, "passages": "many"}))


def torn_shard_config(folder):
    (folder / SHARD_FOLDER / "edge_config.json").write_text("{")


def torn_log(folder):
    for path in (folder / SHARD_FOLDER / "wal").iterdir():
        path.write_bytes(b"noise" * 100)


@pytest.mark.parametrize(
    "damage",
    [
        missing_segments,
        missing_shard,
        missing_engine_file,
        torn_engine_file,
        strange_engine_file,
        torn_shard_config,
        torn_log,
    ],
)
def test_damage_is_reported_and_the_lock_is_released(folder, damage):
    damage(folder)
    for _ in range(2):
        with pytest.raises(FormatError, match=r"damaged.*Delete the folder and index the corpus again"):
            opened(folder)


def test_vectors_that_cannot_be_read_are_reported(folder):
    for path in (folder / SHARD_FOLDER / "segments").glob("*/vector_storage/vectors/*"):
        if path.is_file():
            os.truncate(path, 10)
    index = opened(folder)
    with pytest.raises(FormatError, match="damaged"):
        index.search(QUERY, 3)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_without_permission_is_reported(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(InputError, match="Check the permissions"):
        opened(tmp_path / "closed" / "index")


def test_a_file_in_the_place_is_reported(tmp_path):
    (tmp_path / "index").write_text("")
    with pytest.raises(InputError, match="cannot be opened"):
        opened(tmp_path / "index")


def test_a_write_that_the_engine_refuses_is_reported(folder, monkeypatch):
    def refused(shard, rows):
        raise RuntimeError("No space left on device")

    monkeypatch.setattr(qdrant_shard, "upsert", refused)
    index = opened(folder)
    assert index.dimension == 4
    with pytest.raises(InputError, match=r"cannot be written: No space left.*free space"):
        fill(index)
    index.close()


def test_few_passages_are_not_optimised(folder):
    index = opened(folder)
    assert index.optimize(time_limit=60) is False
    index.close()


def test_optimising_keeps_what_is_held(folder, monkeypatch):
    monkeypatch.setattr(qdrant_embedded, "OPTIMIZE_FROM", 10)
    index = opened(folder)
    before = index.search(QUERY, 30)
    assert index.graph_due
    assert index.optimize(time_limit=60) is True
    assert not index.graph_due
    assert index.search(QUERY, 30) == before
    index.close()
    again = opened(folder)
    assert not again.graph_due
    fill(again, 40)
    assert again.graph_due
    again.close()


def test_optimising_stops_at_its_limit_and_leaves_a_working_index(folder, monkeypatch):
    monkeypatch.setattr(qdrant_embedded, "OPTIMIZE_FROM", 10)
    monkeypatch.setattr(qdrant_shard, "_OPTIMIZE", "import time; time.sleep(60)")
    index = opened(folder)
    assert index.optimize(time_limit=0.2) is False
    assert index.graph_due
    fill(index, 40)
    assert len(index) == 40
    index.close()


def test_a_failing_optimiser_leaves_a_working_index(folder, monkeypatch):
    monkeypatch.setattr(qdrant_embedded, "OPTIMIZE_FROM", 10)
    monkeypatch.setattr(qdrant_shard, "_OPTIMIZE", "raise SystemExit(3)")
    index = opened(folder)
    assert index.optimize(time_limit=60) is False
    assert len(index) == 30
    index.close()
