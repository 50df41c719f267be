"""What stands around a question when it comes out of a program, a form or another country."""

from __future__ import annotations

from random import Random

from embedtune.evaluation.robustness.cases import first_change
from embedtune.evaluation.robustness.lexicons import INSTRUCTIONS, OTHER_SCRIPTS


def instructions(text: str, rng: Random) -> str | None:
    """Append an order to the reader, as prompts and prompt injections do."""
    return f"{text} {rng.choice(INSTRUCTIONS)}"


def markup(text: str, rng: Random) -> str | None:
    """Wrap it in HTML, Markdown, JSON or code."""
    return first_change(text, (_html, _bold, _entities, _markdown, _json, _code, _script), rng)


def _html(text: str, rng: Random) -> str:
    tag = rng.choice(("p", "b", "h2", "li", "td"))
    return f"<{tag}>{text}</{tag}>"


def _bold(text: str, rng: Random) -> str:
    words = text.split(" ")
    place = rng.randrange(len(words))
    return " ".join([*words[:place], f"<strong>{words[place]}</strong>", *words[place + 1 :]])


def _entities(text: str, _: Random) -> str:
    return text.replace(" ", "&nbsp;", 2).replace("'", "&#39;")


def _markdown(text: str, rng: Random) -> str:
    return rng.choice(("# {}", "**{}**", "> {}", "- [ ] {}", "*{}*")).format(text)


def _json(text: str, _: Random) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"query": "{escaped}", "limit": 5}}'


def _code(text: str, _: Random) -> str:
    return f"```\n{text}\n```"


def _script(text: str, _: Random) -> str:
    return f'{text} <script>alert("1")</script>'


def other_scripts(text: str, rng: Random) -> str | None:
    """Ask in a script that the model may never have met, beside one word of the question or alone."""
    sentence = rng.choice(OTHER_SCRIPTS)
    return f"{sentence} {rng.choice(text.split())}" if text.strip() and rng.random() < 1 / 2 else sentence
