from embedtune.anomaly.rules.honest import counted_rules, fitting_rules
from embedtune.anomaly.rules.matching import RULES

SPEAKER = "can the machine act as a timer"  # persona
DASHES = "what does ---- on the display mean"  # template-markup
CODE = "does the app support base64 login"  # decoding-request
PLAIN = "how do I clean the lid"


def left_out(texts, most):
    kept = fitting_rules(texts, RULES, most)
    return {rule.name for rule in RULES if rule not in kept}


def test_what_honest_queries_meet_is_left_out():
    assert left_out([SPEAKER, DASHES, CODE, PLAIN], 0) == {"persona", "template-markup", "decoding-request"}
    assert left_out([PLAIN] * 9, 0) == set()


def test_the_noisiest_rule_goes_first_and_no_more_than_must():
    texts = [SPEAKER] * 3 + [DASHES] * 2 + [CODE]
    assert left_out(texts, 6) == set()
    assert left_out(texts, 5) == left_out(texts, 3) == {"persona"}
    assert left_out(texts, 2) == {"persona", "template-markup"}


def test_a_rule_that_holds_behind_an_encoding_is_counted_as_itself():
    assert counted_rules(["can it pr3tend to be a timer", PLAIN], RULES) == {"persona": 1}
