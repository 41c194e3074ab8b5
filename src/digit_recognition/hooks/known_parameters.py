"""Refuse misspelt parameters, which Kedro itself would ignore."""

from __future__ import annotations

from difflib import SequenceMatcher, get_close_matches
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import settings

from digit_recognition.errors import ProjectError
from digit_recognition.parameters import resolve_bases, unknown_recipe
from digit_recognition.tracking.tracking_parameters import GROUP


class KnownParametersHooks:
    """Refuse unknown parameters in `--params` and in the run environment's files."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Raise ProjectError for parameters with unknown keys, and suggest known keys.

        Which keys are known depends on the place:

        - In the files of the run environment, only keys at the top level are checked. A
          key is known if it is in the files of the base environment. The key
          ``mlflow``, which turns tracking on, is also known.
        - In `--params`, a key is known if it is in the files of the base environment or
          of the run environment.

        Also raises ProjectError if the parameter ``recipe`` names an unknown recipe.
        """
        loader = context.config_loader
        options = settings.CONFIG_LOADER_ARGS

        def keys(env: str | None) -> list[str]:
            files = type(loader)(conf_source=loader.conf_source, env=env, **options)
            return _dotted(_complete_recipes(files["parameters"]))

        base, files = [*keys(options["base_env"]), GROUP], keys(loader.env)
        # Only top-level keys of the files are checked here, because the files may add
        # recipes. The pydantic models check the nested keys.
        given = [key for key in files if "." not in key]
        for where, found, known in (
            (f"conf/{loader.env or options['default_run_env']}", given, base),
            ("--params", _dotted(loader.runtime_params or {}), files),
        ):
            for key in found:
                if key not in known:
                    advice = nearest_parameter(key, known)
                    if key == GROUP:
                        advice = "add --env mlflow, which has this group of parameters"
                    raise ProjectError(
                        f"expected a known parameter in {where}, received {key!r}; "
                        f"{advice}"
                    )
        _check_recipe(loader["parameters"])


def _check_recipe(parameters: dict[str, Any]) -> None:
    """Raise ProjectError if the recipe is unknown, before TensorFlow is imported."""
    name = parameters.get("recipe")
    recipes = (parameters.get("train") or {}).get("recipes") or {}
    if isinstance(name, str) and name not in recipes:
        raise ProjectError(unknown_recipe(name, recipes))


def nearest_parameter(key: str, known: list[str]) -> str:
    """Return ``did you mean …?`` with the known key that is most similar to ``key``.

    First, the last parts of the keys (after the last dot) are compared. If several
    known keys share the most similar last part, a key of the same group as ``key`` is
    preferred. The group is the part before the first dot. If no known key is similar,
    the returned text names all known keys.

    >>> nearest_parameter("epoch", ["seed", "train.epochs"])
    'did you mean train.epochs?'
    """
    last = {name: name.rpartition(".")[2] for name in known}
    matches = get_close_matches(
        key.rpartition(".")[2], set(last.values()), n=1, cutoff=0.7
    )
    candidates = [name for name in known if last[name] in matches]
    if not candidates:
        return f"known are {', '.join(known)}"

    def similarity(name: str) -> tuple[bool, float]:
        same_group = name.partition(".")[0] == key.partition(".")[0]
        return same_group, SequenceMatcher(a=key, b=name).ratio()

    return f"did you mean {max(candidates, key=similarity)}?"


def _complete_recipes(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters, with the keys that recipes inherit from other recipes.

    A recipe inherits the keys of the recipe that its key ``base`` names. If a recipe
    has a mistake, returns the parameters unchanged. The pydantic model of the recipes
    reports the mistake later.
    """
    try:
        recipes = resolve_bases(parameters["train"]["recipes"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return parameters
    return {**parameters, "train": {**parameters["train"], "recipes": recipes}}


def _dotted(values: dict[str, Any], prefix: str = "") -> list[str]:
    """Return all keys of nested dictionaries, such as ``outer`` and ``outer.inner``."""
    keys = []
    for key, value in values.items():
        keys.append(f"{prefix}{key}")
        if isinstance(value, dict):
            keys += _dotted(value, f"{prefix}{key}.")
    return keys
