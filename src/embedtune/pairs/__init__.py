"""From sections to training pairs.

``split`` divides section clusters before any question exists, ``templates`` and ``extractive``
write questions, ``questions`` runs the writers and removes duplicates, ``positives`` joins a question
with the passage that answers it, ``negatives`` mines passages that only look right, ``statistics``
counts, ``formats`` reads and writes the files.
"""
