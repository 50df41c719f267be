"""From files to sections and passages.

``readers`` turn files into text blocks, ``folder`` walks a corpus folder, ``heading_styles`` and
``headings`` find the headings of plain text, ``line_breaks`` mends lines that a page width broke,
``sections`` cuts documents at their headings, ``kinds`` says what a section is for,
``near_duplicates`` clusters sections that say the same, ``passages`` cuts windows for the index,
``storage`` keeps sections as JSON lines.
"""
