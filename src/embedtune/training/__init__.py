"""Fine-tune an embedding model on training pairs.

``freezing`` chooses what learns, ``batches`` who meets whom in a batch, ``losses`` what is minimised,
``dev_set`` and ``domain_evaluator`` measure on held-out questions, ``recording`` writes the log files,
``checkpoints`` names the state a run goes on from, ``interruption`` turns signals into an orderly stop,
``callback`` does all that at each step, and ``trainer`` puts them together on the public hooks of
``SentenceTransformerTrainer``.
"""
