"""The exceptions embedtune raises on purpose.

::

    EmbedtuneError
    ├── InputError               something the user gave cannot be used      (exit code 2)
    │   ├── ConfigError          a key, a value or a file of the configuration
    │   ├── DocumentError        a document or a corpus folder
    │   ├── FormatError          a pairs file, a test suite, a BEIR folder
    │   ├── ModelError           a model that is missing, unsafe or of another shape
    │   │   ├── MissingVersionError  a version or a channel that is not in the registry
    │   │   └── DimensionError       a model whose vectors have another length than stated
    │   ├── VersionExistsError   a version that was already published
    │   └── UnavailableError     an optional dependency that is not installed
    ├── VerificationError        a version is missing files, altered or unreadable (exit code 1)
    │   └── SignatureError       a signature is missing, wrong or by a key that is not trusted
    ├── GateError                the evidence does not allow what was asked        (exit code 1)
    └── InterruptedRunError      stopped by a signal with its state saved           (exit code 3)

Every error carries what went wrong and how to mend it; the command line prints both. Nothing here
ends the process: that is the command line's business alone.
"""

from __future__ import annotations


class EmbedtuneError(Exception):
    """Base of all errors that embedtune raises on purpose.

    Args:
        message: What went wrong and where, in one sentence.
        remedy: What the user can do about it, in one sentence.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the message followed by the remedy."""
        return f"{self.message} {self.remedy}".strip()

    def __reduce__(self) -> tuple[type[EmbedtuneError], tuple[str, str]]:
        """Rebuild from both arguments, so that the error survives a process border."""
        return type(self), (self.message, self.remedy)


class InputError(EmbedtuneError):
    """Something the user gave cannot be used."""


class ConfigError(InputError):
    """A configuration file, key or value cannot be used."""


class DocumentError(InputError):
    """A document or a folder of documents cannot be read."""


class FormatError(InputError):
    """A data file does not have the format it should have."""


class ModelError(InputError):
    """A model cannot be found, is unsafe to load or has another shape than asked for."""


class MissingVersionError(ModelError):
    """There is no such version or channel."""


class DimensionError(ModelError):
    """A model's vectors have another length than its card states."""


class VersionExistsError(InputError):
    """A version was already published; versions never change."""


class UnavailableError(InputError):
    """An optional dependency is needed and not installed."""


class VerificationError(EmbedtuneError):
    """A published version is missing files, has files too many, or was altered."""


class SignatureError(VerificationError):
    """A signature is missing, wrong, or made with a key that is not trusted."""


class GateError(EmbedtuneError):
    """The measured evidence does not allow what was asked for."""


class InterruptedRunError(EmbedtuneError):
    """Work was stopped by a signal after its state had been saved."""


def said(error: Exception) -> str:
    """Return what an error of any kind says, without a full stop."""
    if isinstance(error, EmbedtuneError):
        return error.message.rstrip(".")
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{type(error).__name__}: {error}".rstrip(".: ")
