"""Published versions: what they consist of, where they are kept, and how they are trusted.

``store`` is the registry (publish once, find, verify), on top of ``storage`` (its file operations), ``history``
(the log) and ``channels`` (names that point to a version). ``manifest`` says what a version consists of,
``folder_check`` compares a folder with it, ``keys``, ``signing`` and ``trust`` say who vouches for it,
``card`` and ``readme`` what it is worth. ``verified_copy`` hashes while it copies into the user's private
cache, and ``versioned_embeddings`` serves from there, or the baseline with the reason why.
"""
