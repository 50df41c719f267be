"""One reader a file format, named after it.

These are ``text``, ``markdown``, ``html``, ``restructured_text``, ``asciidoc``, ``docx``, ``pdf`` and ``tei``.
The parts of a reader carry its format's name: ``html_*``, ``rst_*``, ``asciidoc_*``, ``docx_*`` and ``pdf_*`` each
hold one idea, such as tables, lists or inline markup. Several readers share the rest: ``file_bytes`` and ``decoding``
get from a file to its text, ``xml_safety`` parses XML that may be hostile, ``markup_blocks`` gathers the blocks of line
markup, ``markup_numbers`` and ``table_rows`` read numbers and rows of tables, and ``page_furniture`` and
``contents_list`` tell what in a plain text belongs to the printed page alone.
"""
