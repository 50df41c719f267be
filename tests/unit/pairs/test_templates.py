import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.pairs.templates import TemplateWriter, heading_questions, verb_phrase
from embedtune.vocabulary.corpus import SectionKind

PROCEDURE, DIAGNOSTIC, PARTS, OTHER = (
    SectionKind.PROCEDURE,
    SectionKind.DIAGNOSTIC,
    SectionKind.PARTS,
    SectionKind.OTHER,
)

EXPECTED = [
    # Verbs: bare, as -ing forms, behind "how to", several of them.
    ("Bleed the brakes", PROCEDURE, "How do I bleed the brakes?"),
    ("Bleeding the Brakes", PROCEDURE, "What are the steps to bleed the brakes?"),
    ("How to bleed the brakes", PROCEDURE, "I need to bleed the brakes, what do I do?"),
    ("HOW TO REPLACE THE C12 CAPACITOR?", PROCEDURE, "How to replace the C12 capacitor"),
    ("4. Configure a channel", PROCEDURE, "How do I configure a channel?"),
    ("Step 2: Open the cover", PROCEDURE, "How do I open the cover?"),
    ("Checking and Replacing the Receiver Limiter", PROCEDURE, "How do I check and replace the receiver limiter?"),
    ("Lubricating the Pins and Checking Their Play", PROCEDURE, "How do I lubricate the pins and check their play?"),
    ("Running In a New Magnetron", PROCEDURE, "How do I run in a new magnetron?"),
    ("Troubleshooting Defective Joints", DIAGNOSTIC, "How do I troubleshoot defective joints?"),
    ("Reset the password for your account", PROCEDURE, "How do I reset the password for my account?"),
    ("Frobnicate the antenna", OTHER, "How do I frobnicate the antenna?"),
    ("Install the spare parts", PARTS, "What do I need to install the spare parts?"),
    # -ing forms of unknown verbs, and those that may stand before a noun.
    ("Frobnicating a favorites list", PROCEDURE, "What is the procedure for frobnicating a favorites list?"),
    ("Frobnicating the TV against Alarms", DIAGNOSTIC, "Instructions for frobnicating the TV against alarms"),
    ("Checking and frobnicating the pump", PROCEDURE, "What is the procedure for checking and frobnicating the pump?"),
    ("Frobnicating videos", OTHER, "What should I know about frobnicating videos?"),
    ("Charging Station", OTHER, "Tell me about charging station"),
    ("Wiring Thermocouples to the Card", PROCEDURE, "How do I wire thermocouples to the card?"),
    # Verbs that may be nouns.
    ("Service Parts and Consumables", PARTS, "Service parts and consumables: what should I know?"),
    ("TRANSFER CASE LOCK ENGAGEMENT", OTHER, "Transfer case lock engagement: what should I know?"),
    ("Transfer the data", PROCEDURE, "How do I transfer the data?"),
    # Codes.
    ("Error E-42: Fan Speed Below Limit", DIAGNOSTIC, "What does error E-42 mean?"),
    ("Error E-42: Fan Speed Below Limit", DIAGNOSTIC, "Fan speed below limit: what should I do?"),
    ("FAULT CODE P1A64 - BELT SLIP", DIAGNOSTIC, "What should I do about fault code P1A64?"),
    ("P0300: Random misfire", OTHER, "What causes P0300?"),
    ("Alarm C-14", DIAGNOSTIC, "What does alarm C-14 mean?"),
    # Sentences.
    ("My Computer Won't Connect", DIAGNOSTIC, "What should I do when my computer won't connect?"),
    ("The TV won\u2019t turn on", DIAGNOSTIC, "The TV won't turn on, what do I do?"),
    ("Lift does not rise", DIAGNOSTIC, "What can I do if lift does not rise?"),
    ("I Want to Reset the TV", OTHER, "I want to reset the TV, what do I do?"),
    ("There Is a Problem with the Picture", DIAGNOSTIC, "What should I do when there is a problem with the picture?"),
    ("Fan speed is too high", DIAGNOSTIC, "What should I do when fan speed is too high?"),
    ("The warranty is valid for a year", OTHER, "Is it true that the warranty is valid for a year?"),
    ("TROUBLESHOOTING: ENGINE DOES NOT CRANK", DIAGNOSTIC, "What should I do when engine does not crank?"),
    # Circumstances.
    ("If you can't find the key", DIAGNOSTIC, "What should I do if I can't find the key?"),
    ("Before You Begin:", OTHER, "What should I do before I begin?"),
    ("Read Before Using the Winch", OTHER, "What should I know before using the winch?"),
    # Questions, with and without their mark.
    ("Why is my screen blue?", DIAGNOSTIC, "Why is my screen blue?"),
    ("Who may drive ?!", OTHER, "Who may drive?"),
    ("IS THE PUMP PRIMED", OTHER, "Is the pump primed?"),
    ("What to do if it leaks", OTHER, "What should I do if it leaks?"),
    ("HOW THE SEAT SWITCH WORKS", OTHER, "Can you explain how the seat switch works?"),
    ("What you'll need", OTHER, "Tell me what I'll need"),
    ("When the lamp blinks", DIAGNOSTIC, "What should I do when the lamp blinks?"),
    ("In the Engine Room", OTHER, "What should I know in the engine room?"),
    ("Do not open the cover", DIAGNOSTIC, "Do not open the cover: what should I know?"),
    ("Bidirectionally mirroring two screens", OTHER, "Tell me about bidirectionally mirroring two screens"),
    # Noun phrases.
    ("Brake fluid.", OTHER, "What is brake fluid?"),
    ("Fluid Grades", OTHER, "What are fluid grades?"),
    ("About the Winch", OTHER, "What is the winch?"),
    ("Chassis", OTHER, "What is chassis?"),
    ("CAN bus wiring", OTHER, "What is CAN bus wiring?"),
    ("Long-Term Storage", PROCEDURE, "What is the procedure for long-term storage?"),
    ("Picture faults without a code", DIAGNOSTIC, "What causes picture faults without a code?"),
    ("Brake Troubleshooting", DIAGNOSTIC, "What should I know about brake troubleshooting?"),
    ("Spare parts for the winch", PARTS, "What are the spare parts for the winch?"),
    ("Pump and Fan Spares List", PARTS, "What is the pump and fan spares list?"),
    ("The spare wheel", PARTS, "Where do I find the spare wheel?"),
    ("Residual Charge: Opening the Cover", PROCEDURE, "Residual charge: how do I open the cover?"),
]


@pytest.mark.parametrize(("heading", "kind", "question"), EXPECTED)
def test_questions_of_a_heading(heading, kind, question):
    assert question in heading_questions(heading, kind)


NEVER = [
    ("Frobnicating the alarm", DIAGNOSTIC, "mean?"),
    ("My Computer Won't Connect", DIAGNOSTIC, "What causes"),
    ("Brake Troubleshooting", DIAGNOSTIC, "What causes"),
    ("Parts List, Brakes", PARTS, "What is"),
    ("Step by step instructions", PROCEDURE, "Instructions for"),
    ("The spare wheel", PARTS, "the the"),
    ("Service manual for trucks", OTHER, "How do I"),
    ("Rearward-Facing Seat", OTHER, "How do I"),
]


@pytest.mark.parametrize(("heading", "kind", "fragment"), NEVER)
def test_questions_that_would_be_ungrammatical(heading, kind, fragment):
    questions = heading_questions(heading, kind)
    assert questions
    assert not any(fragment in question for question in questions)


@pytest.mark.parametrize("heading", ["", "  ", "***", "- 1 -"])
def test_a_heading_without_words_gives_no_question(heading):
    assert heading_questions(heading, OTHER) == []


def test_a_question_is_asked_as_it_stands():
    assert heading_questions("Why Is My Screen Blue?", PROCEDURE) == ["Why is my screen blue?"]


@given(st.text(max_size=60), st.sampled_from(SectionKind))
def test_questions_are_distinct_tidy_lines(heading, kind):
    questions = heading_questions(heading, kind)
    assert len(set(questions)) == len(questions)
    for question in questions:
        assert question == " ".join(question.split())
        assert "{" not in question.replace(heading, "") or "{" in heading
        assert not question.endswith((".?", ":?", "??"))


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Bleeding the brakes", "bleed the brakes"),
        ("How to bleed the brakes", "bleed the brakes"),
        ("Brake fluid", None),
        ("Frobnicating the pump", None),
    ],
)
def test_verb_phrase(heading, expected):
    assert verb_phrase(heading) == expected


def test_the_writer_keeps_to_its_limit_and_draws_by_seed(make_section):
    section = make_section("Bleeding the brakes", "text", kind=PROCEDURE)
    known = set(heading_questions(section.heading, PROCEDURE))
    drawn = [tuple(TemplateWriter(2).write(section, seed)) for seed in range(8)]
    assert {len(questions) for questions in drawn} == {2}
    assert len(set(drawn)) > 1
    assert drawn[3] == tuple(TemplateWriter(2).write(section, 3))
    assert all(question in known and word is None for questions in drawn for question, word in questions)
    assert len(list(TemplateWriter(99).write(section, 1))) == len(known)
    assert list(TemplateWriter(0).write(section, 1)) == []


def test_the_writer_keeps_names_that_the_body_writes_with_a_capital(make_section):
    section = make_section("Using Norra", "Press the key to speak to Norra.", kind=PROCEDURE)
    questions = [question for question, _ in TemplateWriter(99).write(section, 1)]
    assert "How do I use Norra?" in questions
