"""Texts that belong to no domain, written for this project: ``attacks.json``, ``everyday.json``; ``texts`` reads them."""
