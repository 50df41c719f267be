"""The nouns of embedtune: frozen types without I/O, and the ports between rooms.

``corpus`` (documents, sections, passages), ``pairs`` (queries, training pairs), ``evaluation``
(qrels, runs, scores, comparisons), ``versions`` (what a published model states about itself),
``retrieval`` (hits, passage and fusion settings) and ``ports`` (the protocols rooms meet at).
"""
