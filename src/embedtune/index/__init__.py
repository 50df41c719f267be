"""What is searched: words by BM25, passages by their vectors.

``identifiers`` cuts text into words and part numbers, ``bm25`` ranks sections by them, ``exact`` and
``qdrant_embedded`` hold passage vectors behind one port (``vectors`` checks what both accept,
``qdrant_shard`` makes every call into the engine), ``collection`` keeps an index folder: its
description, sections and passages beside the vectors. ``qdrant_server`` searches a collection that
somebody else keeps on a server.
"""
