"""The same question asked in another form: reordered, rephrased, cut down, or drowned in words."""

from __future__ import annotations

import re
from random import Random

from embedtune.evaluation.robustness.cases import WORD, Subject, Variant, word_frequencies
from embedtune.evaluation.robustness.lexicons import CHATTER, FUNCTION_WORDS

_HOW_TO = re.compile(
    r"(?:please\s+)?(?:(?:can|could) you\s+)?(?:tell me\s+|explain\s+|show me\s+)?"
    r"(?:how (?:do|can|should|would|must) (?:i|you|we|one)|how to|what is the (?:right |best |correct )?way to)\s+"
    r"(?P<rest>.+?)\s*[?.!]*",
    re.IGNORECASE | re.DOTALL,
)
_HOW_TO_FORMS = (
    "How to {}?",
    "how can I {}",
    "I need to {}.",
    "{}",
    "Please explain how to {}.",
    "What is the right way to {}?",
    "What are the steps to {}?",
    "We have to {}, how is that done?",
)
_ANY_FORMS = (
    "I would like to know: {}",
    "Question: {}",
    "{}, please",
    "Can you help me with this? {}",
    "Does anybody know: {}",
    "Looking for an answer to: {}",
)
_PHRASE = re.compile(r"\s+(?=(?:on|in|for|with|from|under|after|before|when|if|at|during|without|while)\s+\S+)")
_FEWEST_WORDS = 4
_KEYWORDS = 3
_SHORTEST_KEYWORD = 3
_MANY_WORDS = 5_000
_CHATTER_SENTENCES = 6


def word_order(text: str, rng: Random) -> str | None:
    """Put a closing phrase first ("on the mast, how do I …"), or else the words in another order."""
    body = text.rstrip(" ?.!")
    words = body.split()
    if len(words) < _FEWEST_WORDS:
        return None
    phrases = [match for match in _PHRASE.finditer(body) if match.start() > 0]
    if phrases and rng.random() < 1 / 2:
        match = rng.choice(phrases)
        return f"{body[match.end() :]}, {body[: match.start()]}"
    if rng.random() < 1 / 2:
        place = rng.randrange(2, len(words) - 1)
        return " ".join(words[place:] + words[:place])
    rng.shuffle(words)
    return " ".join(words)


def question_form(text: str, rng: Random) -> str | None:
    """Ask the same as a question, a wish, an order, or bare words."""
    match = _HOW_TO.fullmatch(text.strip())
    if match:
        return rng.choice(_HOW_TO_FORMS).format(match["rest"])
    body = text.strip().rstrip("?.! ")
    return rng.choice(_ANY_FORMS).format(body)


def long(text: str, rng: Random) -> str | None:
    """Hide the question between sentences that ask for nothing, about 60 words of them."""
    sentences = rng.sample(CHATTER, _CHATTER_SENTENCES)
    place = rng.randrange(1, _CHATTER_SENTENCES)
    return " ".join((*sentences[:place], text, *sentences[place:]))


def very_long(text: str, _: Random) -> str | None:
    """Repeat the question until it has 5,000 words, far beyond what any model reads."""
    words = len(text.split())
    return " ".join([text] * (_MANY_WORDS // words + 1)) if words else None


def short(subject: Subject, _: Random) -> Variant | None:
    """Keep three words, as people type into a search box: those of the right section that the fewest others hold."""
    words = list(dict.fromkeys(match.group() for match in WORD.finditer(subject.text)))
    held = word_frequencies(subject.answers)
    telling = [word for word in words if _tells(word) and word.lower() in held]
    if len(telling) < _KEYWORDS or len(words) == _KEYWORDS:
        return None
    rarest = set(sorted(telling, key=lambda word: (subject.frequencies[word.lower()], word))[:_KEYWORDS])
    return Variant(" ".join(word for word in words if word in rarest), subject.text)


def very_short(text: str, rng: Random) -> str | None:
    """Leave one word, one letter or one sign of the question."""
    words = text.split()
    return rng.choice((rng.choice(words), rng.choice(words)[0], "?", "…", "0")) if words else None


def _tells(word: str) -> bool:
    return len(word) >= _SHORTEST_KEYWORD and word.lower() not in FUNCTION_WORDS
