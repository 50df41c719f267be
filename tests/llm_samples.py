"""Sections and settings for the tests of the language model's questions."""

from __future__ import annotations

from embedtune.config.data_settings import LlmSettings
from embedtune.pairs.llm.prompt import section_prompt
from embedtune.vocabulary.corpus import Section, SectionKind

NO_KEY: dict[str, str] = {}


def section(number=0, text="", heading="Bleed the Norvex pump"):
    body = text or f"Open valve {number} of the Norvex pump slowly.\nWait until fluid {number} runs without bubbles."
    return Section(f"{number:016x}", "d", "hydraulics", ("Service", heading), SectionKind.PROCEDURE, body, (1, 2))


def sections(count):
    return [section(number) for number in range(count)]


def settings(url="http://127.0.0.1:9/v1", **changes):
    return LlmSettings(**{"model": "tiny", "base_url": url, "timeout_seconds": 20.0, **changes})


def mark_of(sample, chosen):
    """The mark by which the test server knows a section."""
    prompt = section_prompt(sample, chosen.questions_per_section, chosen.max_section_words)
    return prompt.user.partition("<<<SECTION ")[2].partition(">>>")[0]


def no_wait(stop, seconds):
    """Waits no time at all."""
