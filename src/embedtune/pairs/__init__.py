"""From sections to training pairs.

``split`` divides section clusters before any question exists, ``templates`` (by way of
``heading_grammar`` and ``heading_case``) and ``extractive`` write questions, ``questions`` runs the
writers and removes duplicates, ``positives`` joins a question with the passage that answers it,
``negatives`` mines passages that only look right, ``statistics`` counts, ``formats`` reads and writes
the files.
"""
