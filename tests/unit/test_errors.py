import pickle
import re

import pytest

from embedtune import errors
from embedtune.errors import EmbedtuneError, InputError

TREE = {
    "EmbedtuneError": None,
    "InputError": "EmbedtuneError",
    "ConfigError": "InputError",
    "DocumentError": "InputError",
    "FormatError": "InputError",
    "ModelError": "InputError",
    "MissingVersionError": "ModelError",
    "DimensionError": "ModelError",
    "VersionExistsError": "InputError",
    "UnavailableError": "InputError",
    "VerificationError": "EmbedtuneError",
    "SignatureError": "VerificationError",
    "GateError": "EmbedtuneError",
    "InterruptedRunError": "EmbedtuneError",
}
CLASSES = [value for value in vars(errors).values() if isinstance(value, type)]


def test_the_tree_is_the_one_that_is_drawn():
    assert {c.__name__: c.__bases__[0].__name__ for c in CLASSES if c is not EmbedtuneError} == {
        name: parent for name, parent in TREE.items() if parent
    }
    assert re.findall(r"\w+Error", errors.__doc__) == list(TREE)


@pytest.mark.parametrize("error", CLASSES)
def test_an_error_is_its_message_and_remedy(error):
    raised = error("The file a.md is empty.", "Write something into it.")
    assert str(raised) == "The file a.md is empty. Write something into it."
    assert (raised.message, raised.remedy) == ("The file a.md is empty.", "Write something into it.")


@pytest.mark.parametrize("error", CLASSES)
def test_an_error_survives_a_process_border(error):
    copy = pickle.loads(pickle.dumps(error("message", "remedy")))  # noqa: S301 - our own bytes
    assert type(copy) is error
    assert (copy.message, copy.remedy) == ("message", "remedy")


def test_no_remedy_leaves_no_space():
    assert str(InputError("message", "")) == "message"
