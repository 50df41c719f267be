"""One reader (and writer) for each file format of questions, pairs and judgements.

``lines`` reads JSON lines with care, ``strict_json`` refuses what could not be written back, ``fields``
takes typed values out of untyped rows. ``training_pairs``, ``training_examples`` and ``qa_pairs`` give
training pairs; ``test_suite`` gives questions with what they should find, which ``section_finder``
looks up in a corpus; ``qrels`` and ``beir`` read judged test collections.
"""
