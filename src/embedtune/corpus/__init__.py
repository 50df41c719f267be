"""From files to sections and passages.

``readers`` turn files into text blocks, ``folder`` walks a corpus folder, ``headings`` finds the
headings of plain text, ``sections`` cuts documents at them, ``kinds`` says what a section is for,
``near_duplicates`` clusters sections that say the same, ``passages`` cuts windows for the index,
``storage`` keeps sections as JSON lines.
"""
