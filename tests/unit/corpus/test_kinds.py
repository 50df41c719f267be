from __future__ import annotations

import pytest

from embedtune.corpus.kinds import infinitive, is_procedure_verb, section_kind

STEPS = "1. Open the bonnet.\n2. Pull the rod.\n3. Wipe it."


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Bleeding the Brakes", "procedure"),
        ("How to Shim the Mast Rollers", "procedure"),
        ("REPLACE THE AZIMUTH ENCODER", "procedure"),
        ("Test the seat switch", "procedure"),
        ("Charge the battery", "procedure"),
        ("READING AND CLEARING STORED FAULT CODES", "procedure"),
        ("Connecting a scan tool to the diagnostic socket", "procedure"),
        ("Troubleshooting Defective Solder Joints", "diagnostic"),
        ("Troubleshoot servo motors", "diagnostic"),
        ("Fault H-E1: Hot-Air Sensor Open", "diagnostic"),
        ("CODE B-412: DEHYDRATOR DUTY CYCLE HIGH", "diagnostic"),
        ("Lockout L-04: No Flame at Start", "diagnostic"),
        ("My File Won\u2019t Play", "diagnostic"),
        ("The lamp isn't lit", "diagnostic"),
        ("If the loopback test failed", "diagnostic"),
        ("Parts List, Brakes and CTI", "parts"),
        ("Technical Data", "parts"),
        ("Fluid Capacities and Grades", "parts"),
        ("FUSE ALLOCATION, CABIN FUSE BOX", "parts"),
        ("CARD AND ACCESSORY ORDER NUMBERS", "parts"),
        ("Tightening torques", "parts"),
        ("Filling quantities", "parts"),
        ("Service Kits and Wear Parts", "parts"),
        ("Do not disturb", "other"),
        ("Recovery code", "other"),
        ("Control unit", "other"),
        ("Test report", "other"),
        ("Operating temperature", "other"),
        ("How the operator presence system works", "other"),
        ("Camera", "other"),
        ("", "other"),
    ],
)
def test_the_heading_tells_the_kind(heading, kind):
    assert section_kind(heading, "Text.").value == kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (STEPS, "procedure"),
        ("Step 1: open\nStep 2: pull\nStep 3: wipe", "procedure"),
        ("(a) Open\n(b) Pull", "other"),
        ("1. Open\n2. Pull", "other"),
        ("1.5 bar\n2.5 bar\n3.5 bar", "other"),
    ],
)
def test_three_steps_make_a_procedure(body, kind):
    assert section_kind("Alternator output", body).value == kind


def test_the_heading_comes_before_the_steps():
    assert section_kind("Fault F-31: Sensor open", STEPS).value == "diagnostic"


@pytest.mark.parametrize(
    ("word", "bare"),
    [("bleeding", "bleed"), ("replacing", "replace"), ("stopping", "stop"), ("using", "use"), ("fitting", "fit")],
)
def test_the_bare_form_of_a_verb_of_work(word, bare):
    assert infinitive(word) == bare
    assert is_procedure_verb(bare)


@pytest.mark.parametrize("word", ["bearing", "ring", "ing", "bleed", "", "spring"])
def test_other_words_have_no_bare_form(word):
    assert infinitive(word) is None
