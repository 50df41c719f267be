"""Queries that do not belong: far topics, injected instructions, gibberish.

``detectors`` say how strange a query is, each in its way, ``rules`` what no honest question contains, ``knowledge``
what is told them of other texts; ``combination`` makes one score of many, ``calibration`` promises how many normal
queries are flagged by it. ``preparation`` divides normal queries, ``fitting`` makes a ``detector`` of them that gives
an ``advisory``; ``storage`` is its folder on the disk, ``loading`` reads it back. ``query_log`` writes down what was
judged, ``drift`` tells whether queries have changed since.
"""
