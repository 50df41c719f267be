"""What a claim rests on: from rankings and judgements to comparisons and verdicts.

``metrics`` scores one run, ``significance`` says how sure a difference is, ``query_groups`` says which
questions are not independent, ``slices`` names parts of the questions, ``outcome`` holds the result
types, ``compare`` puts systems beside each other, ``gates`` decides on publishing, ``result`` and
``trec`` keep it all in files, ``domain_metrics`` is the short form used while training.
"""
