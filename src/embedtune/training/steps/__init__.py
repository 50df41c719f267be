"""A training step and what is done around it.

``library_trainer`` is the ``SentenceTransformerTrainer`` with its public hooks filled; ``callback`` records, keeps the
best and stops in order, with ``watch`` on the dev metrics and ``pace`` on the clock; ``optimiser`` sets rates,
``memory`` and ``divergence`` meet what can go wrong in a step.
"""
