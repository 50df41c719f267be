"""Fine-tune an embedding model on training pairs.

``trainer`` does a ``job``, after the ``preparation`` that comes before its first step. The rooms: ``batching`` makes
the batches, ``engine`` runs the model on them, ``losses`` say what is minimised, ``steps`` drive the library's
trainer, ``dev`` measures on held-out questions, ``records`` keep what a run leaves, ``processes`` live with signals,
other processes and a full disk, and ``ending`` makes the model that is kept.
"""
