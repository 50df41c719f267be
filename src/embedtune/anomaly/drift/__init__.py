"""Have the queries changed? A log compared with the normal queries that calibrated its detector.

``rates`` counts what was flagged, ``embedding_shift`` and ``vocabulary`` compare vectors and words, ``domain_mix`` the
domains asked about, ``unusual_clusters`` says which questions to write next, ``period`` takes a stretch of a log,
``assessment`` puts it together and decides on the alarm.
"""
