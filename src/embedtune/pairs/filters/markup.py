"""Questions that carry markup, links, hidden characters, or orders to a language model.

The patterns are narrow on purpose: manuals say "ignore the warning", "the system prompts you", "copy
<source> <target>", "< 5 V" and "you are now in the setup menu", and may.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TAGS = (
    "a|abbr|article|b|blockquote|body|br|button|center|code|div|dl|dt|em|embed|font|footer|form|h[1-6]|head|header|hr|"
    "html|i|iframe|img|input|li|link|meta|nav|object|ol|p|pre|script|section|span|strong|style|sub|sup|svg|table|tbody|"
    "td|textarea|th|thead|tr|u|ul|video"
)
_MARKUP = re.compile(
    rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!--|<!\[CDATA\[|<\?xml|<!doctype"  # HTML
    r"|&(?:nbsp|lt|gt|amp|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});"
    r"|https?://|ftp://|\bwww\.\w|\b(?:javascript|mailto|vbscript):\S|\bdata:\w+/[\w.+-]+[;,]"  # links
    r"|```|~~~|!?\[[^\]\n]+\]\([^)\n]*\)|^\s{0,3}#{1,6}\s|\*\*[^*\s][^*\n]*\*\*|^\s*\|.*\|\s*$|\|\s?:?-{3,}"  # Markdown
    r"|^\s*\.\.\s[\w-]+::|:\w+:`"  # reStructuredText
    r"|\{\{|\}\}|\{%|%\}|<%|\{\s*\"|\\(?:begin|end|cite|ref|textbf|frac)\{"  # templates, JSON, LaTeX
    r"|<\|\w+\|>|\[/?INST\]|<</?SYS>>|\"role\"\s*:",  # chat templates
    re.IGNORECASE | re.MULTILINE,
)
_MARKS = re.compile(r"[<&`~*#|{}\\\[:]|www\.", re.IGNORECASE)
# Control characters, direction overrides, zero-width and tag characters, surrogates, and what a wrong decoding leaves.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffd"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|overrule|bypass)\s+(?:(?:all|any|of|the|your|my|these|those|every|previous|"
    r"prior|above|earlier|preceding|foregoing|former|other|system|safety)\s+){1,5}"
    r"(?:instructions?|prompts?|directives?|guidelines|commands?\s+above)\b"
    r"|\b(?:ignore|disregard|forget)\s+(?:everything|all|anything)\s+(?:that\s+was\s+)?"
    r"(?:above|before|previous|prior|(?:i|you|we)\s+(?:said|were\s+told|have\s+been\s+told))\b"
    r"|\b(?:reveal|print|repeat|leak|output|show|display|expose|tell\s+me|what\s+(?:is|are|was|were))\s+(?:me\s+)?"
    r"your\s+(?:\w+\s+){0,2}(?:prompts?|instructions?)\b"
    r"|\b(?:reveal|repeat|leak|ignore|disregard|expose|exfiltrate)\s+(?:the\s+)?(?:system|developer|hidden|initial)\s+"
    r"prompt\b|\byour\s+(?:system|hidden|initial)\s+prompt\b"
    r"|\byou\s+are\s+(?:now\s+)?(?:dan\b|an?\s+(?:\w+\s+){0,3}(?:ai|assistant|chatbot|language\s+model|llm|hacker)\b)"
    r"|\b(?:act|behave|respond|answer)\s+as\s+(?:if\s+you\s+(?:are|were)|dan\b|an?\s+(?:\w+\s+){0,2}"
    r"(?:ai|chatbot|language\s+model|llm|hacker)\b)|\bpretend\s+(?:to\s+be|you\s+are|that\s+you)\b"
    r"|\bdo\s+anything\s+now\b|\bas\s+an?\s+(?:ai\s+(?:language\s+)?model|large\s+language\s+model)\b"
    r"|\bfrom\s+now\s+on,?\s+you\s+(?:will|must|are|should|shall)\b|\bnew\s+(?:system\s+)?(?:instructions?|prompt)\s*:"
    r"|\n\s*(?:system|assistant|user|human)\s*:|\bhuman\s*:.*\bassistant\s*:",
    re.IGNORECASE | re.DOTALL,
)
# One of these is in every order; a look for each is quicker than for the pattern.
_IN_ORDERS = (
    "instruction", "prompt", "directive", "guideline", "command", "ignore", "disregard", "forget", "you", "pretend",
    "anything", "model", "chatbot", "assistant", "human", "hacker", "llm", "dan", " ai", "\n",
)  # fmt: skip
_LONG_RUN = re.compile(r"[A-Za-z0-9+=_-]{24,}")
_HEX = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
_CHANGES = re.compile(r"(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[a-z0-9]|(?<=[0-9])[A-Za-z]")
_SCATTERED = 0.4
_PIECE = 1000


def marked_up(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return which texts carry markup, links, hidden characters, encoded blobs or orders to a model.

    A text longer than any question is looked at piece by piece, so that no pattern takes long on it.
    """
    return np.fromiter(map(_is_marked_up, texts), dtype=np.bool_, count=len(texts))


def _is_marked_up(text: str) -> bool:
    if len(text) <= _PIECE:
        return _shows_markup(text)
    return any(_shows_markup(text[begin : begin + _PIECE]) for begin in range(0, len(text), _PIECE // 2))


def _shows_markup(text: str) -> bool:
    if not (text.isascii() and text.isprintable()) and _HIDDEN.search(text):
        return True
    if "\n" in text or "  " in text:
        # Runs of blanks are where the patterns would try one beginning after the other.
        text = "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())
    if _MARKS.search(text) and _MARKUP.search(text):
        return True
    return _gives_orders(text) or any(map(_is_blob, _LONG_RUN.findall(text)))


def _gives_orders(text: str) -> bool:
    return any(map(text.lower().__contains__, _IN_ORDERS)) and _ORDERS.search(text) is not None


def _is_blob(run: str) -> bool:
    """Tell an encoded run, where case and digits change all the time, from a long name."""
    if _HEX.fullmatch(run):
        return True
    return len(_CHANGES.findall(run)) >= _SCATTERED * len(run)
