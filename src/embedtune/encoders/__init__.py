"""Models that turn texts into unit vectors.

``locate`` resolves a model's name to a folder without a network, ``digests`` identifies a model by
the bytes that decide its vectors, ``sentence_transformer`` runs it with torch (``kernel_caches``
bounds its memory), ``fake`` is a deterministic stand-in for tests.
"""
