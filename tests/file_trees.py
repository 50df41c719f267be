"""Folders of small files, to describe and to damage."""

from __future__ import annotations

from hypothesis import strategies as st

segments = st.text("abcdefgé0123_- ", min_size=1, max_size=6).filter(lambda name: name.strip() == name)
paths = st.tuples(st.lists(segments.map("d".__add__), max_size=2), segments, st.sampled_from([".json", ".txt", ".md"]))
trees = st.dictionaries(
    paths.map(lambda parts: "/".join([*parts[0], "f" + parts[1] + parts[2]])),
    st.binary(max_size=20).map(b"=".__add__),
    min_size=1,
    max_size=6,
)


def write_tree(folder, tree):
    for relative, content in tree.items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
