"""Servers that speak OpenAI's protocol: where they are, and how they are asked.

``address`` checks an address and holds the key, ``transport`` opens a client that sends to that address
alone, ``retries`` says how long to wait before asking again.
"""
