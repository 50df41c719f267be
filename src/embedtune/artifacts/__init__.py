"""Published versions: what they consist of, where they are kept, and how they are trusted.

``manifest`` (every file of a version with its digest), ``store`` (the registry: publish once, find,
verify), ``card`` (the model card as JSON and as README), ``safety`` (what a model folder may hold),
``verified_copy`` (hash while copying into a private cache) and ``versioned_embeddings`` (serve a
version, or the baseline with the reason why).
"""
