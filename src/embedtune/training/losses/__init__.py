"""What training minimises.

``factory`` makes the loss that the settings name and ``requirements`` says what each needs of the pairs. ``ranking`` is
ours, with ``across_ranks`` for several processes, ``cached`` for batches beyond memory and ``recent_passages`` for more
negatives; ``library`` shows pairs to the losses of sentence-transformers, ``guided`` to GIST, and ``teacher`` scores
them for MarginMSE. ``base`` is what the rest of the room sees.
"""
