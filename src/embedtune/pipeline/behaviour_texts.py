"""What a model is asked when its behaviour is checked: texts of several domains, and texts that are odd.

A published version holds no text of its corpus, so the texts come from a folder of documents or, without one,
from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embedtune.vocabulary.corpus import Section

_SECTIONS = 12
_WORDS = 40
_FEWEST = 2

BUILT_IN: Mapping[str, tuple[str, ...]] = {
    "brakes": (
        "How do I bleed the brakes of a car after changing the brake fluid?",
        "Replace the brake pads when the lining is thinner than three millimetres.",
        "A soft brake pedal is a sign of air in the brake lines.",
        "Measure the thickness of the brake disc at several places.",
        "Press the brake piston back into the caliper before fitting the pads.",
        "Brake fluid takes up water and must be renewed every two years.",
        "Adjust the cable of the parking brake until the wheels are held.",
        "Squealing brakes often have dust between pad and caliper.",
        "Tighten the caliper bolts of the front brakes to the stated torque.",
    ),
    "heating": (
        "Why do the radiators stay cold although the boiler is running?",
        "Top up the water of the heating system until the gauge shows the right pressure.",
        "Bleed the radiators before the heating season begins.",
        "The boiler locks out when the burner does not ignite.",
        "Set the thermostat of the living room to the wanted room temperature.",
        "Have the flue of the boiler swept once a year.",
        "The circulation pump moves hot water through the radiators.",
        "A sensor outdoors lowers the flow temperature on warm days.",
        "Clean the burner and the heat exchanger of the boiler.",
    ),
    "soldering": (
        "At which temperature do I solder a resistor to a circuit board?",
        "Tin the tip of the soldering iron before each joint.",
        "A cold solder joint is dull and cracks when the board bends.",
        "Remove surplus solder with desoldering braid.",
        "Flux helps the solder to flow onto the copper pads.",
        "Heat the pad and the lead of the capacitor together, then feed the solder.",
        "Electronic components on the circuit board are damaged by static electricity.",
        "Check the polarity of the diode before soldering it to the board.",
        "Clean flux residue from the circuit board with alcohol.",
    ),
    "networks": (
        "How do I connect a laptop to the wireless network of the office?",
        "Restart the router when the internet connection is lost.",
        "Change the password of the wireless network in the settings of the router.",
        "Each computer in the network needs an address of its own.",
        "The firewall blocks connections from the internet to the server.",
        "A network cable of this kind carries one gigabit per second.",
        "Update the firmware of the router to close security holes.",
        "The server answers requests on port 443.",
        "Weak wireless reception improves when the router stands higher.",
    ),
    "lifting": (
        "How heavy a pallet may the forklift lift to full height?",
        "Lower the forks to the floor before leaving the forklift.",
        "Lubricate the chains of the lifting mast every month.",
        "Nobody may stand below a raised load.",
        "A leaking hydraulic cylinder lets the fork carriage sink.",
        "Tilt the mast back before driving with a load on the forks.",
        "Check the level of the hydraulic oil with the mast lowered.",
        "Keep the load pointing uphill when driving a forklift on a ramp.",
        "Replace the forks when the blades are worn at the heel.",
    ),
    "washing": (
        "What do I do when the washing machine does not drain the water?",
        "Clean the lint filter of the washing machine behind the small door.",
        "Sort the laundry by colour and by washing temperature.",
        "Too much detergent leaves foam in the drum of the washing machine.",
        "The spin cycle stops when the laundry is spread unevenly in the drum.",
        "Wash woollens in the delicate programme at thirty degrees.",
        "Descale the heating element of the washing machine in areas with hard water.",
        "Leave the door of the washing machine open so that the drum dries.",
        "Take out the transport bolts before the first wash.",
    ),
}

ODD = (
    "",
    "?",
    "0",
    "\u0000\u0007",
    "\U0001f527" * 20,
    "<b>&nbsp;</b>",
    "如何更换机油",
    "كيف أغير الزيت",
    "word " * 3_000,
)


@dataclass(frozen=True, slots=True)
class DomainTexts:
    """Texts of several domains, each domain's first being the one it is asked with.

    Attributes:
        source: Where they come from, for people.
        texts: At least two domains, with at least two texts each.
    """

    source: str
    texts: Mapping[str, tuple[str, ...]]


BUILT_IN_TEXTS = DomainTexts("built-in sentences", BUILT_IN)


def corpus_texts(sections: Sequence[Section], source: str) -> DomainTexts:
    """Return the beginnings of sections, spread over each domain; the built-in texts where there is one domain.

    Args:
        sections: The corpus.
        source: Where it lies, for people.
    """
    by_domain: dict[str, dict[str, None]] = {}
    for section in sections:
        text = " ".join(section.full_text.split()[:_WORDS])
        by_domain.setdefault(section.domain, {})[text] = None
    texts = {domain: _spread(tuple(found)) for domain, found in sorted(by_domain.items()) if len(found) >= _FEWEST}
    if len(texts) < _FEWEST:
        return DomainTexts(f"{BUILT_IN_TEXTS.source}, as {source} has fewer than two domains to compare", BUILT_IN)
    return DomainTexts(source, texts)


def _spread(texts: tuple[str, ...]) -> tuple[str, ...]:
    count = min(_SECTIONS, len(texts))
    return tuple(texts[number * len(texts) // count] for number in range(count))
