"""Queries that do not belong: far topics, injected instructions, gibberish.

``autoencoder`` scores a query's vector by how badly it is rebuilt, ``autoencoder_training`` trains
it, ``conformal`` turns a score into a p-value and a threshold with a known false-positive rate,
``detector`` is the two together, frozen, ``storage`` is its folder on the disk, ``fitting`` goes
from queries to a detector.
"""
