"""embedtune: from a folder of technical documents to a proven, verified embedding model that searches."""

__version__ = "0.1.0"
