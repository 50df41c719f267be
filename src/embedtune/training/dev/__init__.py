"""Held-out questions while a model trains: the ``dev_set`` and the ``domain_evaluator`` that measures on it."""
