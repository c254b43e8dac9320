"""What a procedure's parameters are, in words: English under each in the source, other languages beside it.

A file `parameters.zh.toml` beside the module that declares the parameters says the same in Chinese:

```toml
[FlowParameters]
flows = "校准流量点，按测量顺序。"
```
"""

from __future__ import annotations

import sys
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError
from remotecal.source import docstrings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.procedures.parameters import Parameters

BESIDE: Final = "parameters.{language}.toml"
"""Name of the file that says it in another language."""
LANGUAGES: Final = ("zh",)
"""In which it may be said beside English."""


def descriptions(kind: type[Parameters]) -> dict[str, dict[str, str]]:
    """Return parameter → language → what it is; nothing for one of which nobody says it.

    Raises:
        ConfigurationError: the file of a language can't be read.
    """
    told = {name: {"en": " ".join(text.split())} for name, text in docstrings(kind).items()}
    for base in reversed(kind.__mro__):
        for language in LANGUAGES:
            for name, text in _beside(base.__module__, language).get(base.__name__, {}).items():
                told.setdefault(name, {})[language] = text
    return {name: told[name] for name in kind.model_fields if name in told}


@cache
def _beside(module: str, language: str) -> Mapping[str, Mapping[str, str]]:
    """Return class → parameter → text, as the file beside a module says; nothing where there is none."""
    package = getattr(sys.modules.get(module), "__package__", "")
    if not package:
        return {}
    path = files(package) / BESIDE.format(language=language)
    if not path.is_file():
        return {}
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    if not all(
        isinstance(group, dict) and all(isinstance(text, str) for text in group.values())
        for group in said.values()
    ):
        raise ConfigurationError(f'{path}: say [Class] and below it parameter = "what it is"')
    return said
