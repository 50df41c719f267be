"""What each directive of docutils and Sphinx leaves of itself in the text of a page."""

from __future__ import annotations

from enum import Enum, auto


class DirectiveKind(Enum):
    """How a directive is read.

    ``DROPPED``: nothing of it is text. ``CODE``: its content, as it stands. ``PICTURE``: its caption, or what
    stands in for the picture. ``LABELLED``: argument and content, a label in front. ``CONTAINER``: its content
    alone. ``LIST_TABLE`` and ``CSV_TABLE``: its title and rows. ``OTHER``: argument and content.
    """

    DROPPED = auto()
    CODE = auto()
    PICTURE = auto()
    LABELLED = auto()
    CONTAINER = auto()
    LIST_TABLE = auto()
    CSV_TABLE = auto()
    OTHER = auto()


_DROPPED = (
    "toctree include literalinclude mdinclude raw highlight default-role role meta index contents sectnum "
    "section-numbering header footer bibliography tabularcolumns currentmodule module uml plantuml graphviz "
    "digraph graph mermaid blockdiag seqdiag inheritance-diagram target-notes title codeauthor sectionauthor "
    "automodule autoclass autofunction automethod autosummary doxygenfile doxygenclass doxygenfunction"
)
_CODE = (
    "code-block code sourcecode literal parsed-literal prompt console math productionlist testcode testoutput doctest"
)
_CONTAINER = "container class cssclass rst-class only ifconfig tabs tab-set grid hlist compound acks glossary"
_PICTURES = "image figure thumbnail video"
_LABELS = {
    "attention": "Attention",
    "caution": "Caution",
    "danger": "Danger",
    "error": "Error",
    "hint": "Hint",
    "important": "Important",
    "note": "Note",
    "tip": "Tip",
    "warning": "Warning",
    "seealso": "See also",
    "todo": "To do",
}
_VERSION_LABELS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}
_TITLED = "admonition topic sidebar"
_KINDS = {
    **dict.fromkeys(_DROPPED.split(), DirectiveKind.DROPPED),
    **dict.fromkeys(_CODE.split(), DirectiveKind.CODE),
    **dict.fromkeys(_CONTAINER.split(), DirectiveKind.CONTAINER),
    **dict.fromkeys(_PICTURES.split(), DirectiveKind.PICTURE),
    **dict.fromkeys([*_LABELS, *_VERSION_LABELS, *_TITLED.split()], DirectiveKind.LABELLED),
    "list-table": DirectiveKind.LIST_TABLE,
    "csv-table": DirectiveKind.CSV_TABLE,
}


def kind_of(name: str) -> DirectiveKind:
    """Return how a directive is read; ``OTHER`` if it is not known.

    Args:
        name: The directive's name in lower case.
    """
    return _KINDS.get(name, DirectiveKind.OTHER)


def label_of(name: str, argument: str) -> tuple[str, str]:
    """Return the label in front of a directive's text, and the part of its argument that is text.

    ``note`` has a label of its own, ``versionadded`` one that its argument completes, and the
    argument of ``admonition`` is the label.
    """
    if name in _LABELS:
        return f"{_LABELS[name]}: ", argument
    if name in _VERSION_LABELS:
        version, _, rest = argument.partition(" ")
        return f"{_VERSION_LABELS[name]} {version}: ", rest
    return (f"{argument.rstrip(':')}: " if argument else ""), ""
