"""Marks of chats, pages and templates: what separates roles and documents has no place in a question."""

from __future__ import annotations

from embedtune.anomaly.rules.rule import Rule, RuleKind, pattern

MARKUP = (
    Rule(
        "chat-markup",
        RuleKind.MARKUP,
        pattern(
            r"<\|[^|<>]{1,40}+\|>",
            r"\[/?INST\]|<</?SYS>>",
            r"(?:^|\n)[^\S\n]*+(?:##++[^\S\n]*+)?(?:system|assistant|human|user)\s*+:",
            r"\"role\"\s*+:\s*+\"",
            r"</?(?:system|user|assistant|instructions?|context|prompt|function_call|tool)\b[^<>]{0,80}+>",
        ),
        "holds the marks that separate the roles of a chat",
    ),
    Rule(
        "page-markup",
        RuleKind.MARKUP,
        pattern(
            r"</?(?:script|iframe|img|style|object|embed|svg|form|body|link|meta|a)\b[^<>]{0,200}+>",
            r"<!--",
            r"\bjavascript:",
            r"\bon(?:error|load|click)\s*+=",
            r"!\[[^\]\n]{0,80}+\]\(",
        ),
        "holds markup of a web page",
    ),
    Rule(
        "template-markup",
        RuleKind.MARKUP,
        pattern(
            r"\{\{[^{}]{1,80}+\}\}", r"\$\{[^{}]{1,80}+\}", r"\{%[^{}]{1,80}+(?<=%)\}", r"```", r"={4}|-{4}|<{3}|>{3}"
        ),
        "holds the marks of a template or of the border of a document",
    ),
)
