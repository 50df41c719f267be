import pytest

from embedtune.vocabulary.corpus import Section, SectionKind, section_id


@pytest.fixture(scope="session")
def make_section():
    """A section of one document, with an id that follows from its place."""

    def make(heading, text, *, domain="hvac", path="a.md", kind=SectionKind.OTHER, occurrence=0):
        place = (heading,) if heading else ()
        identity = section_id(domain, path, place, occurrence)
        return Section(identity, path, domain, place, kind, text, (1, 1))

    return make
