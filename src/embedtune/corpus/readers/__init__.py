"""One reader a format: ``text``, ``markdown``, ``html``, ``restructured_text``, ``asciidoc``, ``docx``, ``pdf``, ``tei``.

The parts of a reader carry its format's name: ``html_*``, ``rst_*``, ``asciidoc_*``, ``docx_*`` and ``pdf_*`` each hold
one idea, such as tables, lists or inline markup. What several readers need: ``file_bytes`` and ``decoding`` get from a
file to its text, ``xml_safety`` parses XML that may be hostile, ``markup_blocks`` gathers the blocks of line markup,
``markup_numbers`` and ``table_rows`` read numbers and rows of tables, and ``page_furniture`` and ``contents_list`` tell
what belongs to the printed page alone.
"""
