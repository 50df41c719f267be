"""What a claim rests on: from rankings and judgements to comparisons and verdicts.

``metrics`` scores one run, ``equal_sections`` counts sections with the same text as one. ``significance``
says how sure a difference is, ``power`` how small a one could be seen, ``multiplicity`` what looking at many
slices costs, ``query_groups`` which questions are not independent; their random numbers come from ``draws``.
``slices`` names parts of the questions, some by their ``question_traits``. ``outcome`` holds the result
types, ``paired`` and ``compare`` put systems beside each other, ``leakage`` reports what of the test was
trained on (``leaked_questions``, ``trained_sections``), ``gates`` look at a ``claim`` and decide on
publishing, ``result`` and ``trec`` keep it all in files, ``domain_metrics`` is the short form used while
training.
"""
