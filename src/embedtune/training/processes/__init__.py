"""Living with other processes, signals and a full disk.

``ranks`` are the processes that train together, one of them ``leading``; ``interruption`` turns signals into an
orderly stop, ``run_lock`` keeps a run folder for one training, and ``full_disk`` ends one in order.
"""
