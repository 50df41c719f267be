"""One reader a file format: ``text`` and ``markdown``.

``decoding`` turns bytes into text; ``page_furniture`` and ``contents_list`` tell what in a plain text
belongs to the printed page alone.
"""
