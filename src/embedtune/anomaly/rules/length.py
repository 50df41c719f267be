"""A query too long to be read whole: an order in what is passed over would be seen by nothing else."""

from __future__ import annotations

import re

from embedtune.anomaly.rules.rule import Rule, RuleKind
from embedtune.anomaly.windows import LOOKED_AT

LENGTH = (
    Rule(
        "too-long",
        RuleKind.LENGTH,
        # What is looked at of a longer text has a line feed in its middle, and so one character more than the limit.
        re.compile(rf".{{{LOOKED_AT}}}.", re.DOTALL),
        f"is longer than {LOOKED_AT} characters, so its middle was not read",
    ),
)
