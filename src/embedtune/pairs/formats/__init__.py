"""One reader (and writer) for each file format of questions, pairs and judgements.

``rows`` makes items of rows and tells which cannot be used; ``lines``, ``delimited`` and ``parquet`` give the
rows of JSON lines, CSV or TSV, and Parquet, and ``record_files`` chooses among them by a file's ending.
``cells`` keeps values that are no text in tables that know texts alone, ``strict_json`` refuses what could
not be written back, ``fields`` takes typed values out of untyped rows.

``training_pairs``, ``training_examples`` and ``qa_pairs`` give training pairs, ``pairs_file`` whichever of
them a file holds. ``test_suite`` gives questions with what they should find (``test_case``), which
``section_finder`` looks up in a corpus and ``case_selection`` chooses from. ``qrels``, ``beir`` and
``beir_collection`` read and write judged test collections; ``asked`` takes people's questions from any of these.
"""
