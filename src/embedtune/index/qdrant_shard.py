"""Every call into the Qdrant Edge engine (beta, pinned); no other file knows its types.

The engine raises bare ``Exception`` for whatever goes wrong; callers give the calls their meaning.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from qdrant_edge import EdgeShard

POINT_NAMESPACE = uuid.UUID("6f1c2f0e-7d0b-5f0a-9f2e-0f3a6c1d4b57")
_POINTS_AT_ONCE = 500
_MIN_SEARCH_WIDTH = 128
_WIDTH_OF_ROOT = 3.6
"""Search width by the root of the number of points: of 20,000 and of 200,000 it finds 99 in 100 of the ten nearest."""
_OVERSAMPLING = 2.0
_INDEXED_FROM_KIB = 1_000
_OPTIMIZE = "import sys, qdrant_edge; s = qdrant_edge.EdgeShard.load(sys.argv[1]); s.optimize(); s.close()"


def create(path: Path, dimension: int) -> EdgeShard:
    """Make an empty shard for cosine search with its write-ahead log on, in place of whatever lies there.

    Its graph compares 8-bit copies of the vectors, a quarter of the memory to read; what is found is scored anew by
    the vectors themselves.
    """
    from qdrant_edge import (
        Distance,
        EdgeConfig,
        EdgeOptimizersConfig,
        EdgeShard,
        EdgeVectorParams,
        PayloadSchemaType,
        ScalarQuantizationConfig,
        ScalarType,
        UpdateOperation,
    )

    shutil.rmtree(path, ignore_errors=True)
    copies = ScalarQuantizationConfig(ScalarType.Int8, always_ram=True)
    vectors = EdgeVectorParams(size=dimension, distance=Distance.Cosine, quantization_config=copies)
    one = EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=_INDEXED_FROM_KIB)
    shard = EdgeShard.create(str(path), EdgeConfig(vectors=vectors, optimizers=one, wal_enabled=True))
    for field in ("domain", "labels"):
        shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))
    return shard


def load(path: Path) -> EdgeShard:
    """Open an existing shard."""
    from qdrant_edge import EdgeShard

    return EdgeShard.load(str(path))


def exists(path: Path) -> bool:
    """Say whether a shard was made at ``path``, whole or not."""
    return (path / "edge_config.json").exists()


def count(shard: EdgeShard) -> int:
    """Return how many points a shard holds."""
    from qdrant_edge import CountRequest

    return shard.count(CountRequest(exact=True))


def upsert(shard: EdgeShard, rows: Iterable[tuple[list[float], Mapping[str, object]]]) -> None:
    """Add or replace points: pairs of a vector and a payload whose ``passage_id`` names the point."""
    from qdrant_edge import Point, UpdateOperation

    points = [Point(_point_id(str(payload["passage_id"])), vector, dict(payload)) for vector, payload in rows]
    for start in range(0, len(points), _POINTS_AT_ONCE):
        shard.update(UpdateOperation.upsert_points(points[start : start + _POINTS_AT_ONCE]))


def remove(shard: EdgeShard, passage_ids: Sequence[str]) -> None:
    """Remove the points of passages; those that are not there are passed over."""
    from qdrant_edge import UpdateOperation

    points: list[int | uuid.UUID | str] = [_point_id(id_) for id_ in passage_ids]
    for start in range(0, len(points), _POINTS_AT_ONCE):
        shard.update(UpdateOperation.delete_points(points[start : start + _POINTS_AT_ONCE]))


def passage_ids(shard: EdgeShard) -> list[str]:
    """Return the ids of all passages."""
    from qdrant_edge import ScrollRequest

    found: list[str] = []
    offset = None
    while True:
        request = ScrollRequest(offset=offset, limit=_POINTS_AT_ONCE, with_payload=["passage_id"], with_vector=False)
        records, offset = shard.scroll(request)
        found += [str((record.payload or {})["passage_id"]) for record in records]
        if offset is None:
            return found


def vectors(shard: EdgeShard, passage_ids: Sequence[str]) -> dict[str, object]:
    """Return the vectors of passages, by id; those that are not there are left out."""
    found: dict[str, object] = {}
    for start in range(0, len(passage_ids), _POINTS_AT_ONCE):
        points: list[int | uuid.UUID | str] = [_point_id(id_) for id_ in passage_ids[start : start + _POINTS_AT_ONCE]]
        for record in shard.retrieve(points, ["passage_id"], True):  # noqa: FBT003 - the engine's own signature
            found[str((record.payload or {})["passage_id"])] = record.vector
    return found


def query(
    shard: EdgeShard, vector: list[float], limit: int, conditions: Sequence[tuple[str, str]], held: int
) -> list[tuple[str, float]]:
    """Return up to ``limit`` (passage id, cosine), best first; ties in the engine's own order.

    Args:
        shard: The shard.
        vector: The question's.
        limit: At most so many.
        conditions: Pairs of payload field and value that must hold.
        held: About how many points there are.
    """
    from qdrant_edge import (
        FieldCondition,
        Filter,
        MatchValue,
        QuantizationSearchParams,
        Query,
        QueryRequest,
        SearchParams,
    )

    must = Filter(must=[FieldCondition(key=field, match=MatchValue(value)) for field, value in conditions])
    request = QueryRequest(
        limit=limit,
        query=Query.Nearest(vector),
        filter=must if conditions else None,
        with_payload=["passage_id"],
        params=SearchParams(
            hnsw_ef=max(_MIN_SEARCH_WIDTH, 2 * limit, round(_WIDTH_OF_ROOT * held**0.5)),
            quantization=QuantizationSearchParams(rescore=True, oversampling=_OVERSAMPLING),
        ),
    )
    return [(str((point.payload or {})["passage_id"]), point.score) for point in shard.query(request)]


def _point_id(passage_id: str) -> uuid.UUID:
    return uuid.uuid5(POINT_NAMESPACE, passage_id)


def optimize(path: Path, time_limit: float) -> bool:
    """Build the search graph of a closed shard, for at most ``time_limit`` seconds.

    The engine can neither be interrupted nor lets other threads run meanwhile, so a child process
    does it and is killed at the limit; the shard then holds what it held.

    Returns:
        Whether the graph was built.
    """
    command = [sys.executable, "-c", _OPTIMIZE, str(path)]
    try:
        done = subprocess.run(command, timeout=time_limit, check=False, capture_output=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        return False
    finally:
        shutil.rmtree(path / "temp_segments", ignore_errors=True)
    return done.returncode == 0
