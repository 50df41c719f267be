"""Registries in object stores: S3, and whatever fsspec knows."""
