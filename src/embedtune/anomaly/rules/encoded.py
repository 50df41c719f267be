"""Blobs that hide their text: encodings, escapes, spelled-out letters, invisible characters."""

from __future__ import annotations

import re

from embedtune.anomaly.rules.rule import Rule, RuleKind, pattern

ENCODED = (
    Rule(
        "encoded-blob",
        RuleKind.ENCODED,
        re.compile(
            # upper case, lower case and a digit within one long word, or its padding
            r"(?<![\w+/-])(?=[A-Za-z0-9+/_-]{0,40}[a-z])(?=[A-Za-z0-9+/_-]{0,40}[A-Z])(?=[A-Za-z0-9+/_-]{0,40}\d)"
            r"[A-Za-z0-9+/_-]{20,}+"
            r"|(?<![\w+/-])[A-Za-z0-9+/_-]{12,}+={1,2}(?!\w)"
            r"|(?<!\w)(?=[A-Z2-7]{0,40}[2-7])(?=[A-Z2-7]{0,40}[A-Z])[A-Z2-7]{20,}+(?!\w)"
            r"|(?<!\w)(?=[0-9a-fA-F]{0,40}[a-fA-F])(?=[0-9a-fA-F]{0,40}\d)[0-9a-fA-F]{16,}+(?!\w)"
        ),
        "holds a long encoded word (base64, base32 or hexadecimal)",
    ),
    Rule(
        "escapes",
        RuleKind.ENCODED,
        re.compile(
            r"(?:%[0-9A-Fa-f]{2}){3,}+|(?:\\x[0-9A-Fa-f]{2}){3,}+|(?:\\u[0-9A-Fa-f]{4}){3,}+|(?:&#x?[0-9A-Fa-f]{1,6};){3,}+"
        ),
        "holds a row of escaped characters",
    ),
    Rule(
        "number-code",
        RuleKind.ENCODED,
        re.compile(
            r"(?:\b[01]{7,8}\b\W?){3,}+|(?:(?<!\S)[.\-\u2013\u2014/]{1,6}(?:\s|$)){5,}+|(?:\b\d{1,2}[.\-,]){5,}+"
        ),
        "holds a row of code numbers or Morse signs",
    ),
    Rule(
        "spelled-out",
        RuleKind.ENCODED,
        re.compile(r"(?:(?<!\w)[^\W\d_][ .\-_*]{1,3}){6,}+"),
        "spells words out letter by letter",
    ),
    Rule(
        "digits-for-letters",
        RuleKind.ENCODED,
        # letter, digit, letter within a word, three words in a row
        re.compile(
            r"(?:\b(?=\w{0,12}[a-z]\d[a-z])\w{3,27}+\W{1,3}+(?:\w{1,20}+\W{1,3}+)?){2}\w{0,12}[a-z]\d[a-z]",
            re.IGNORECASE,
        ),
        "writes digits for letters",
    ),
    Rule(
        "invisible-characters",
        RuleKind.ENCODED,
        re.compile(
            "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\U000e0000-\U000e007f]"
        ),
        "holds control or invisible characters",
    ),
    Rule(
        "decoding-request",
        RuleKind.ENCODED,
        pattern(
            r"\b(?:base-?64|rot-?13|caesar cipher|morse code)\b",
            r"\b(?:decode|decipher|decrypt|unscramble)\b(?:\W++\w++){0,3}?\W++(?:this|it|the|following|text|message)\b",
            r"\bread (?:this|it) backwards\b",
        ),
        "asks to decode something",
    ),
)
