import pytest

from embedtune.anomaly.rules.honest import BlindingRulesError, check_rules, noisiest_rules
from embedtune.anomaly.rules.matching import rule_hits, rule_names

SPEAKERS = [f"can the machine act as a {thing}" for thing in ("timer", "clock", "heater")]  # persona
DASHES = "what does ---- on the display mean"  # template-markup
CODE = "does the app support base64 login"  # decoding-request
PLAIN = "how do I clean the lid"


def noisy(texts, most):
    return noisiest_rules([rule_names(rule_hits(text)) for text in texts], most)


def check(texts, beyond):
    check_rules(texts, [rule_hits(text) for text in texts], beyond)


def test_what_honest_queries_meet_is_noisy():
    assert set(noisy([*SPEAKERS, DASHES, CODE, PLAIN], 0)) == {"persona", "template-markup", "decoding-request"}
    assert noisy([PLAIN] * 9, 0) == ()


def test_the_noisiest_rule_goes_first_and_no_more_than_must():
    texts = [*SPEAKERS, DASHES, f"{DASHES} now", CODE]
    assert noisy(texts, 6) == ()
    assert noisy(texts, 5) == noisy(texts, 3) == ("persona",)
    assert noisy(texts, 2) == ("persona", "template-markup")


def test_a_rule_that_holds_behind_an_encoding_is_counted_as_itself():
    assert noisy(["can it pr3tend to be a timer", PLAIN], 0) == ("persona",)


def test_few_that_meet_a_rule_leave_room_beyond_the_threshold():
    check([*SPEAKERS, PLAIN], 3)
    check([PLAIN], 0)


def test_so_many_that_nothing_could_be_flagged_are_named():
    message = (
        r"^4 of the 5 calibration queries meet a written rule, where 3 may lie beyond .*: persona \(3\), such as "
        r"'can the machine act as a timer'\."
    )
    with pytest.raises(BlindingRulesError, match=message) as caught:
        check([*SPEAKERS, DASHES, PLAIN], 3)
    assert caught.value.rules == ("persona",)
    assert "attacks" in caught.value.remedy
    assert "anomaly.left_out_rules = ['persona']" in caught.value.remedy
