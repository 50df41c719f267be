"""Orders to the program that reads a query, and requests for what it must not tell.

The verbs and nouns of overriding are those of Rebuff's heuristics (Protect AI, 2023); the rest are the kinds of prompt
injection that OWASP lists as LLM01 and LLM07 (2025) and the goals of Perez and Ribeiro, "Ignore Previous Prompt"
(2022).
"""

from __future__ import annotations

from embedtune.anomaly.rules.rule import Rule, RuleKind, pattern

_WORD = r"[\w'-]++"
_GAP = rf"(?:\W++{_WORD}){{0,5}}?\W++"
_CUT_OFF = (
    r"\b(?:ignore|disregard|skip|forget|neglect|overlook|omit|bypass|override|cancel|dismiss|discard|drop|void|nullify|"
    r"pay no attention to|stop (?:following|obeying)|(?:do not|don't|must not|need not) (?:follow|obey|comply with))"
)
_EARLIER = r"(?:all|any|every|everything|your|the|these|those|previous|prior|preceding|above|earlier|initial|former)"
_ORDERS = (
    r"(?:instructions?|directives?|directions?|commands?|orders|prompts?|rules|guidelines|guidance|constraints|"
    r"restrictions?|polic(?:y|ies)|programming|training|context|conversation|messages?|filters?)\b"
)
_ASK = (
    r"\b(?:give|tell|show|reveal|print|list|output|send|share|leak|dump|display|expose|disclose|repeat|return|write|"
    r"provide|hand over|what (?:is|are|was|were))"
)
_KEPT = (
    r"(?:(?:admin(?:istrator)?|root|master|database|server|user|system)(?:'s)? (?:password|login)|api[ _-]?keys?|"
    r"(?:access|auth(?:entication)?|secret|session) (?:tokens?|keys?|cookies)|private keys?|ssh keys?|credentials|"
    r"credit card numbers?|social security numbers?|passphrase|encryption keys?|environment variables|"
    r"(?:\.|(?<=\.))env\b)"
)

PHRASES = (
    Rule(
        "instruction-override",
        RuleKind.OVERRIDE,
        pattern(rf"{_CUT_OFF}\W++(?:{_WORD}\W++){{0,3}}?{_EARLIER}{_GAP}{_ORDERS}", rf"{_CUT_OFF}\W++{_ORDERS}"),
        "orders the reader to drop its instructions",
    ),
    Rule(
        "instructions-void",
        RuleKind.OVERRIDE,
        pattern(
            rf"\b{_ORDERS}{_GAP}(?:no longer (?:apply|hold|count|valid)|(?:are|is) (?:void|outdated|cancelled|lifted))",
            r"\bnew (?:instructions?|orders|rules|task)\s*+:",
        ),
        "declares earlier instructions void",
    ),
    Rule(
        "persona",
        RuleKind.OVERRIDE,
        pattern(
            r"\byou are (?:now|no longer) an?\b",
            r"\byou are now [A-Z]",
            r"\bpretend (?:to be|you are|that you)",
            r"\b(?:act|speak|respond|behave) as (?:if you were|an?|my)\b",
            r"\brole-?play\b",
            r"\bdo anything now\b",
            r"\bjailbr(?:eak|oken)",
            r"\b(?:unfiltered|uncensored|unrestricted) (?:model|assistant|ai|mode|chatbot)",
        ),
        "tells the reader to be somebody else",
    ),
    Rule(
        "prompt-disclosure",
        RuleKind.OVERRIDE,
        pattern(
            rf"{_ASK}{_GAP}(?:(?:system|hidden|secret|initial|internal|original|developer)(?:'s)? "
            r"(?:prompts?|instructions?|messages?|rules|guidelines|configuration|polic(?:y|ies))"
            r"|your (?:prompt|instructions))\b",
            r"\brepeat (?:everything|the (?:text|words|sentence)) (?:above|before)",
        ),
        "asks for the reader's own instructions",
    ),
    Rule(
        "forced-answer",
        RuleKind.OVERRIDE,
        pattern(
            r"\b(?:answer|respond|reply|write|say) (?:only|nothing but|exclusively|just) (?:with|in|the)\b",
            r"\b(?:begin|start|end|finish) (?:your|every|each|all) (?:response|answer|reply|replies)",
        ),
        "dictates the answer",
    ),
    Rule(
        "secrets-request",
        RuleKind.SECRETS,
        pattern(rf"{_ASK}{_GAP}{_KEPT}", rf"{_ASK} (?:me )?{_KEPT}"),
        "asks for secrets",
    ),
    Rule(
        "exfiltration",
        RuleKind.SECRETS,
        pattern(
            rf"\b(?:send|forward|upload|post|mail|email|transmit|copy|append)(?:\W++{_WORD}){{1,8}}?\W++"
            r"(?:to|at|into)\W++(?:https?://|ftp://|[^\s@]++@[^\s@.]++\.)",
        ),
        "asks to send what was found somewhere else",
    ),
    Rule(
        "program-code",
        RuleKind.OVERRIDE,
        pattern(
            r"\bdrop table\b",
            r"\bunion select\b",
            r"\bselect\b.{1,60}?\bfrom\b.{1,60}?\bwhere\b[^=]{1,20}+=",
            r"\brm -[rf]{1,2}\b",
            r"\b(?:curl|wget)\b[^|]{1,80}+\|\s*+(?:ba)?sh\b",
            r"\$\([^)]{1,80}+\)",
            r"\b__import__\b|\bos\.system\b|\bsubprocess\.|\beval\(",
            r"\bpowershell -e",
        ),
        "holds a command for a shell, a database or an interpreter",
    ),
)
