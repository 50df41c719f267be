"""What a training step is given.

``columns`` turns pairs into rows, ``batches`` says who meets whom in a batch, ``shared_batches`` deals them to several
processes, and ``remining`` mines hard negatives again between epochs.
"""
