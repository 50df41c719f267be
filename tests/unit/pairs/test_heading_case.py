import pytest

from embedtune.pairs.heading_case import lowered, names_in


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Brake fluid", "brake fluid"),
        ("Connecting the Remote to the TV", "connecting the remote to the TV"),
        ("Turning on the Tarnholm remote", "turning on the Tarnholm remote"),
        ("BLEEDING THE BRAKES", "bleeding the brakes"),
        ("HDMI", "HDMI"),
        ("FUSES F201 AND KSR-25M", "fuses F201 and KSR-25M"),
        ("Hands-Free Key", "hands-free key"),
        ("12 V Battery", "12 V battery"),
        ("I Want a Reset", "I want a reset"),
        ("There Is a Problem with the Picture", "there is a problem with the picture"),
    ],
)
def test_a_heading_inside_a_sentence(heading, expected):
    assert lowered(heading) == expected


def test_known_names_keep_their_form():
    names = {"norra": "Norra", "i/o": "I/O", "resend": "Resend"}
    assert lowered("RUNNING NORRA", names) == "running Norra"
    assert lowered("REMOVING I/O CARDS", names) == "removing I/O cards"
    assert lowered("Resend the mail", names) == "resend the mail"


def test_names_are_capitals_within_a_sentence():
    text = "Say Hi Norra to start. Then the TV answers. Press Add or choose If. Then speak.\nWARNING: HOT\n- Pump on"
    assert names_in(text) == {"hi": "Hi", "norra": "Norra", "tv": "TV"}


def test_a_word_that_is_also_written_small_is_no_name():
    assert names_in("open the Settings page; the settings are kept") == {}
