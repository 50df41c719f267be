"""Bound the memory of torch's kernels on a processor."""

from __future__ import annotations

import os

_MOST_KERNELS = "16"
_CAPACITIES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")


def bound_kernel_caches() -> None:
    """Keep few of the kernels that oneDNN makes for each shape of a tensor; call it before the first of them.

    By default a thousand are kept, which texts of all lengths soon fill: over a gigabyte in a training of 230 steps.
    Making them anew takes no measurable time. What the user has set stands. The variables are read once, when the
    first kernel is made (https://github.com/pytorch/pytorch/issues/27971 and 98688).
    """
    for name in _CAPACITIES:
        os.environ.setdefault(name, _MOST_KERNELS)
