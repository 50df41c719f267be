"""When two questions ask the same: what their words tell, whoever looks at them.

``stems`` gives content words one form, ``word_sets`` reads very many texts as sets of them, ``same_words`` says
which questions differ in no more than case, punctuation and order, ``misspelt`` which differ in a slip of the
keyboard alone, ``near_equal`` finds those that are close, and forgives the ``typos`` of one word.
"""
