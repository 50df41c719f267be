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
        ("Technical Data", "reference"),
        ("Fluid Capacities and Grades", "parts"),
        ("FUSE ALLOCATION, CABIN FUSE BOX", "parts"),
        ("CARD AND ACCESSORY ORDER NUMBERS", "parts"),
        ("Tightening torques", "parts"),
        ("Filling quantities", "parts"),
        ("Service Kits and Wear Parts", "parts"),
        ("CONNECTOR PINOUTS X2 AND X3", "reference"),
        ("Configuration parameters", "reference"),
        ("Display settings", "reference"),
        ("Supported file formats", "reference"),
        ("Command reference", "reference"),
        ("Main menu", "reference"),
        ("What resolutions are there?", "other"),
        ("About the parameters that nobody ever needs to learn anything about", "reference"),
        ("Who wrote the settings", "other"),
        ("Learning the menu", "other"),
        ("Setting the parameters", "procedure"),
        ("Safety precautions", "safety"),
        ("IMPORTANT SAFETY INFORMATION", "safety"),
        ("Warnings and cautions", "safety"),
        ("Handling precautions", "safety"),
        ("Electrical Hazards", "safety"),
        ("Regulatory information", "safety"),
        ("FCC statement", "safety"),
        ("Working Safely on the Mast", "safety"),
        ("Disposal of batteries", "safety"),
        ("Warning lights", "other"),
        ("Testing the safety switch", "procedure"),
        ("Troubleshooting the safety relay", "diagnostic"),
        ("3. Connect the cable", "procedure"),
        ("Step 2: Download the archive", "procedure"),
        ("2.4 GHz band", "other"),
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


TABLE = "Mode | Code\nEco | 1\nBoost | 2\nHold | 3"
PROHIBITIONS = "Do not open the cover. Never wet it. You must not stand below. The lamp is red."


@pytest.mark.parametrize(("body", "kind"), [(TABLE, "reference"), (PROHIBITIONS, "safety"), (STEPS, "procedure")])
def test_the_body_tells_what_the_heading_does_not(body, kind):
    assert section_kind("Alternator", body).value == kind


@pytest.mark.parametrize(
    "body",
    ["Eco | 1\nBoost | 2", "Do not open it. Never wet it. " + "It is red. " * 9, f"{TABLE}\n" + "It is red.\n" * 9],
    ids=["two rows", "few prohibitions", "few rows"],
)
def test_a_little_of_it_tells_nothing(body):
    assert section_kind("Alternator", body).value == "other"


def test_steps_come_before_what_a_heading_only_may_mean():
    assert section_kind("Display settings", STEPS).value == "procedure"
    assert section_kind("Technical data", STEPS).value == "reference"


def test_only_the_beginning_of_a_heading_counts():
    assert section_kind("word " * 50_000 + "fuse list", "").value == "other"


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
