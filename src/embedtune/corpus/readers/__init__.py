"""One reader a file format: ``text`` and ``markdown``; ``decoding`` turns bytes into text."""
