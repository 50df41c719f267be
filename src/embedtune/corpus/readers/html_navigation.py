"""What on a web page leads the reader elsewhere and is no text of the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEVER = frozenset({"html", "body", "main"})
_LEFT_OUT = frozenset(
    "script style noscript template svg nav iframe button select textarea datalist dialog canvas audio video map "
    "annotation annotation-xml rp del".split()
)
_AROUND_CONTENT = frozenset({"header", "footer", "aside"})
_ROLES = frozenset(
    "navigation banner contentinfo search menu menubar toolbar tablist dialog alertdialog doc-toc doc-noteref "
    "doc-backlink".split()
)
_CLASSES = re.compile(
    r"(?:[a-z]+-)?breadcrumbs?(?:-(?:nav|list|trail|container))?"
    r"|skip-?(?:link|nav|navigation|to-?(?:main-?)?content)s?"
    r"|cookie-?(?:banner|bar|consent|notice|popup|message)|(?:gdpr|consent)-?banner|onetrust-[a-z-]+|cc-window"
    r"|toc|table-of-contents|toctree-wrapper|sphinxsidebar"
    r"|headerlink|permalink|anchorjs-link|(?:header|heading)-?anchor|anchor-?link"
    r"|linenos|lineno|line-numbers-rows|footnote-(?:ref|reference|backref)|mw-editsection|mw-jump-link|navbox|catlinks"
)
_SKIP_LINK = re.compile(
    r"(?:skip|jump) to (?:the )?(?:main |page |primary )?(?:content|navigation|search|main|article)"
    r"|skip (?:navigation|nav|links)|(?:back|return) to (?:the )?top|top of page",
    re.IGNORECASE,
)
_PERMALINKS = frozenset({"", "¶", "#", "§", "🔗", "permalink"})
_CONTENTS_TITLE = re.compile(
    r"(?:table of )?contents|(?:on|in) this (?:page|article|section|chapter|document)|page contents|toc", re.IGNORECASE
)


def is_navigation(tag: str, attributes: Mapping[str, str], *, in_content: bool) -> bool:
    """Tell whether an element and all within it is left out: menus, banners, scripts, hidden parts, line numbers.

    Args:
        tag: The element's name, lower case.
        attributes: Its attributes.
        in_content: It stands within ``main``, ``article`` or ``section``, whose ``header``, ``footer``
            and ``aside`` are part of the text.
    """
    if tag in _LEFT_OUT or (tag in _AROUND_CONTENT and not in_content):
        return True
    if not attributes or tag in _NEVER:
        return False
    role = attributes.get("role", "").lower()
    if role in _ROLES or (role == "complementary" and not in_content) or _is_hidden(attributes, role):
        return True
    names = f"{attributes.get('class', '')} {attributes.get('id', '')}".lower().split()
    return any(_CLASSES.fullmatch(name) for name in names) or (tag == "sup" and "reference" in names)


def is_page_control(link_text: str) -> bool:
    """Tell whether the words of a link to a place on its own page are no text: ``¶``, ``Skip to content``."""
    words = " ".join(link_text.split())
    return words.lower() in _PERMALINKS or bool(_SKIP_LINK.fullmatch(words))


def is_contents_title(text: str) -> bool:
    """Tell whether a line stands above a table of contents: ``On this page``."""
    return bool(_CONTENTS_TITLE.fullmatch(" ".join(text.split()).rstrip(":")))


def _is_hidden(attributes: Mapping[str, str], role: str) -> bool:
    """Tell whether an element is hidden for good; the panels of tabs are hidden until one is chosen."""
    if role == "tabpanel":
        return False
    hidden = "hidden" in attributes and attributes["hidden"].lower() != "until-found"
    return hidden or attributes.get("aria-hidden", "").lower() == "true"
