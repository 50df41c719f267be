"""What a run leaves on the disk beside its models.

``recording`` writes the log files, ``plot`` draws them with ``svg_panels``, ``tensorboard`` writes event files, and
``checkpoints`` names the state that a run goes on from.
"""
