"""What is searched: words by BM25, passages by their vectors.

``identifiers`` cuts text into words and part numbers, ``bm25`` ranks sections by them, ``exact`` and
``qdrant_embedded`` hold passage vectors behind one port (``vectors`` says what both accept),
``collection`` keeps an index folder: its description, sections and passages beside the vectors.
"""
