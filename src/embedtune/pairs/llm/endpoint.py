"""Which endpoint is asked, and with which key: from the settings and the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.config.data_settings import LlmSettings
from embedtune.endpoints.address import Endpoint, address_fault, key_from
from embedtune.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE_URL_VARIABLE = "OPENAI_BASE_URL"


def endpoint_of(settings: LlmSettings, environment: Mapping[str, str]) -> Endpoint:
    """Return the endpoint that settings and environment name.

    There is no default address: nothing leaves the machine unless the user has said where to. The key of
    another service is never tried: only the variable that the settings name is read.

    Args:
        settings: Model, address, and the name of the key's variable.
        environment: The environment's variables.

    Raises:
        ConfigError: No model or no address is given, or the address cannot be used.
    """
    if not settings.model:
        raise ConfigError("`llm.model` is empty.", "Set it to the name of a model at your endpoint.")
    base_url = settings.base_url or environment.get(BASE_URL_VARIABLE, "").strip()
    if not base_url:
        raise ConfigError(
            f"Neither `llm.base_url` nor {BASE_URL_VARIABLE} says where the language model is.",
            "Set one of them, for example to http://localhost:8000/v1; nothing is sent anywhere without it.",
        )
    fault = address_fault(base_url)
    if fault:
        raise ConfigError(
            f"The address of the language model {fault}.",
            f"Mend `llm.base_url` or {BASE_URL_VARIABLE}; it looks like http://localhost:8000/v1.",
        )
    return Endpoint.with_key(base_url, settings.model, key_from(environment, settings.api_key_env, "llm.api_key_env"))
