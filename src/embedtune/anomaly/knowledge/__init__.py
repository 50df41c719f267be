"""Texts that belong to no domain, written for this project: ``attacks.json`` and ``everyday.json``, read by ``texts``."""
