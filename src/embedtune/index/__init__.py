"""What is searched: words by BM25, passages by their vectors, and the stores that keep both.

``identifiers`` cuts text into words and part numbers, ``bm25`` ranks sections by them. Vectors lie behind one
port (`PassageIndex`): ``exact`` in memory and ``exact_files`` on the disk, ``qdrant_embedded`` (``qdrant_shard``
makes every call into the engine), ``server_index``. Sections lie in records, ``folder_records`` or
``server_records``; ``updating`` brings records and vectors to a state of the corpus, batch by batch.
``folder_store`` and ``server_store`` say which collections are in force. ``qdrant_server`` searches a collection
that somebody else keeps.
"""
