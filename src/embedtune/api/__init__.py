"""The public faces: thin, typed classes over the rooms, exported from `embedtune`.

``extraction`` (sections, questions, training data, negatives), ``training``, ``evaluation``,
``versions`` (publishing and serving), ``retrieval`` (searching) and ``anomaly``.
"""
