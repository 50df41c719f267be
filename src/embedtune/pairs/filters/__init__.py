"""Turn away generated questions that teach nothing, or the wrong thing.

``cascade`` runs the filters from cheap to dear over a ``batch`` of questions: ``length``, ``markup``,
``leak``, ``generic``, ``duplicates``, ``round_trip`` (by keywords, or by a model: ``model_ranks``). What
two questions share is seen by the room ``wording``.
"""
