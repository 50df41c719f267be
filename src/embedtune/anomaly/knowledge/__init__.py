"""Texts of no domain, written for this project: ``attacks.json``, ``everyday.json``; ``texts`` reads them."""
