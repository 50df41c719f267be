"""From a question to sections, best first.

``maxp`` scores a section by its best passage, ``fusion`` makes one ranking of dense and BM25 scores,
``retriever`` searches and ranks, ``tuning`` chooses passage size and fusion weight on dev questions,
``calibration`` says what a score is worth, ``fallback`` goes on with less when something fails.
"""
