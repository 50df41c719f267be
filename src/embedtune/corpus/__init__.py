"""From files to sections and passages.

``listing`` says which files a corpus folder holds, ``folder`` reads them, ``readers`` turn each
format into text blocks. ``heading_styles``, ``headings`` and ``inner_titles`` find the headings of
plain text, ``outline`` puts the text below them and joins what is too short, ``line_breaks`` mends
lines that a page width broke, ``cutting`` cuts what is too long, ``sections`` makes the sections and
``kinds`` says what each is for. ``near_duplicates`` clusters sections
that say the same, ``passages`` cuts windows for the index, ``storage`` keeps sections as JSON lines.
"""
