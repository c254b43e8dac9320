"""What parameters are, in both languages, where the procedures that ship declare them."""

import inspect
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from remotecal.errors import ConfigurationError
from remotecal.procedures import described
from remotecal.procedures.described import descriptions
from remotecal.procedures.parameters import Parameters
from remotecal.runs.catalogue import find, names
from remotecal.web.pages.parameter_form import fields_of

SHIPPED = "remotecal.procedures.library."


def every_kind() -> dict[str, type[Parameters]]:
    found = ((name, find(name).procedure.accepts()) for name in names())
    return {name: kind for name, kind in found if kind.__module__.startswith(SHIPPED)}


def test_each_parameter_is_told_in_both_languages_and_nothing_else_is() -> None:
    kinds = every_kind()
    assert len(kinds) > 20
    missing = [
        (name, parameter, language)
        for name, kind in kinds.items()
        for parameter in kind.model_fields
        for language in ("en", "zh")
        if not descriptions(kind).get(parameter, {}).get(language)
    ]
    assert not missing
    declared = {
        (base.__name__, parameter)
        for kind in kinds.values()
        for base in kind.__mro__
        for parameter in vars(base).get("__annotations__", {})
    }
    folder = Path(inspect.getfile(sys.modules[SHIPPED.rstrip(".")])).parent
    told = [
        (group, parameter)
        for file in folder.glob("*/parameters.zh.toml")
        for group, texts in tomllib.loads(file.read_text(encoding="utf-8")).items()
        for parameter in texts
    ]
    assert not set(told) - declared
    assert len(told) == len(set(told))


AS_CITED: Mapping[str, Sequence[str]] = {
    name: parameters
    for path in sorted(Path(__file__).parent.parent.glob("*/as_cited.toml"))
    for name, parameters in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
"""Of each procedure the parameters whose figures are general knowledge, as the domains' tests say."""


def test_what_no_document_confirmed_is_called_so_in_both_languages_where_it_is_ordered() -> None:
    """The order's form says what `descriptions` say; what is called so in one language is in the other."""
    kinds = every_kind()
    assert AS_CITED
    for name, parameters in AS_CITED.items():
        about = {field.name: field.about for field in fields_of(kinds[name])}
        silent = [each for each in parameters if "unverified" not in about[each]["en"]]
        assert not silent, name
    one_sided = [
        (name, parameter)
        for name, kind in kinds.items()
        for parameter, said in descriptions(kind).items()
        if ("unverified" in said["en"]) is not ("未核实" in said["zh"])
    ]
    assert not one_sided


@pytest.mark.parametrize("text", ["[Kind", "flows = 1", "[Kind]\nflows = 1"])
def test_a_file_that_says_it_wrongly_is_named(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "told_wrongly"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "kind.py").write_text(
        "from remotecal.procedures import Parameters\n"
        "class Kind(Parameters):\n    flows: float = 1\n    '''Flows to calibrate at.'''\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    described._beside.cache_clear()
    try:
        from told_wrongly.kind import Kind  # type: ignore[import-not-found]

        assert descriptions(Kind) == {"flows": {"en": "Flows to calibrate at."}}
        described._beside.cache_clear()
        (package / "parameters.zh.toml").write_text(text)
        with pytest.raises(ConfigurationError, match=r"parameters\.zh\.toml"):
            descriptions(Kind)
        described._beside.cache_clear()
        (package / "parameters.zh.toml").write_text('[Kind]\nflows = "流量"')
        assert descriptions(Kind)["flows"]["zh"] == "流量"
    finally:
        described._beside.cache_clear()
        for name in [name for name in sys.modules if name.startswith("told_wrongly")]:
            del sys.modules[name]
