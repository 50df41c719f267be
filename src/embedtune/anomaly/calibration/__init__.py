"""From scores to promises.

``conformal`` turns a score into a p-value, ``design_effect`` says how many independent queries paraphrases are worth,
``guarantee`` chooses how many calibration queries may lie beyond the
threshold and says what that promises, ``thresholds`` holds them, for all queries and for each domain with enough of
its own.
"""
