"""Hard negatives: passages that a system ranks high although they do not answer.

``pool`` holds the passages they are taken from, ``sources`` rank those for a question, ``exclusions``
knows what answers it, ``judges`` refuse what may be an unknown answer, ``miner`` takes the rest by turns.
"""
