"""Any training pairs, and their parts: texts that a file format may take for something else among them."""

from __future__ import annotations

from hypothesis import strategies as st

from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, Split, TrainingPair

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
tricky = st.sampled_from(
    ["12", "007", "1.10", "true", "TRUE", "null", '"', '"a"', '["a"]', "['a']", "[a]", "{}", "a\r\nb", "\r", "a,b;c\td"]
)
optional = text | tricky
filled = optional.filter(str.strip)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | optional,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(optional, inner, max_size=3),
    max_leaves=5,
)
unknown_fields = st.dictionaries(optional.map(lambda name: f"x_{name}"), json_values, max_size=3)
negatives = st.builds(Negative, filled, optional, optional, st.none() | finite)
pairs = st.builds(
    TrainingPair,
    st.builds(Query, filled, filled, st.sampled_from(Origin), optional, optional, optional),
    filled,
    st.lists(negatives, max_size=3).map(tuple),
    st.builds(Provenance, optional, optional, optional, st.sampled_from(Split), unknown_fields),
)
