"""The work order: what is read from it, and every way it can be wrong."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from importlib.metadata import EntryPoint

import pytest
from shipped import SHORT

from remotecal.errors import OrderError
from remotecal.order import Order
from remotecal.runs import catalogue
from remotecal.runs.catalogue import find, hashes, names


def test_an_order_becomes_the_parts_of_a_certificate(tiny):
    order = Order.load(tiny.order)
    item = order.dut.item()
    assert item.name.get("zh") == "表"
    assert item.serials == ("M1",)
    assert order.customer.contact().name.get("en") == "Customer"
    assert order.customer.contact().name.languages == ()
    assert order.laboratory.laboratory().contact.location.further.get("en") == "Street 2"
    assert order.persons[0].person().duty == "performed"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("number =", "nummer =", r"order.nummer is unknown, did you mean number\?"),
        ("[customer]", "[custommer]", r"custommer is unknown, did you mean customer\?"),
        ('number = "T-1"', "number = 1", r"order.number\.?.*: input should be a valid string"),
        (
            "demonstration = true",
            'demonstration = "yes"',
            "order.demonstration: input should be a valid boolean",
        ),
        ("demonstration = true", 'country = "China"', "order.country: write it like CN or DE, not 'China'"),
        ('serial = "M1"', "", "serial or owner_number is missing"),
        ('serial = "M1"', 'serial = "M1"\nserail = "x"', r"dut.serail is unknown, did you mean serial\?"),
        ('"Customer"', r'"Customer\u202edetimil"', r"customer\.name: .* U\+202E, which nobody sees"),
        (
            'duty = "performed"',
            'duty = "watched"',
            "duty: input should be 'performed', 'reviewed' or 'approved'",
        ),
        ('address = "Street 1"', "", "customer.address is missing"),
        ('zh = "表"', 'chinese = "表"', "dut.name"),
    ],
)
def test_a_wrong_order_is_refused_with_file_and_key(tiny, old, new, message):
    assert old in tiny.order.read_text()
    tiny.order.write_text(tiny.order.read_text().replace(old, new, 1))
    with pytest.raises(OrderError, match=message) as refusal:
        Order.load(tiny.order)
    assert str(tiny.order) in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "must hold one procedure, there is none"),
        ("raise RuntimeError('no')", "can't be loaded: RuntimeError"),
        ("def broken(:", "can't be loaded: SyntaxError"),
        ("from remotecal.procedures import Procedure\nclass A(Procedure):\n    pass", "there is none"),
    ],
)
def test_a_file_that_is_no_procedure_is_refused(tmp_path, text, message):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(OrderError, match=message):
        find("mine.py", tmp_path)


def test_a_procedure_is_known_by_its_text_and_that_of_what_it_imports(tmp_path, monkeypatch):
    package = tmp_path / "flow_laboratory"
    package.mkdir()
    own = "from flow_laboratory.model import Base\nclass Own(Base):\n    def points(self): ...\n"
    model = "from remotecal.procedures import Procedure\nclass Base(Procedure):\n    pass\n"
    for name, text in {"__init__": "", "own": own, "model": model, "other": ""}.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("own", "flow_laboratory.own:Own", catalogue.GROUP)
    monkeypatch.setattr(catalogue, "entry_points", lambda **_: [entry])
    before = find("own").sha256
    (package / "other.py").write_text("x = 1")
    assert find("own").sha256 == before
    listing = subprocess.run(
        ["sha256sum", "__init__.py", "model.py", "own.py"], cwd=package, capture_output=True, check=True
    )
    assert sha256(listing.stdout).hexdigest() == before
    (package / "model.py").write_text(f"{model}# changed\n")
    assert find("own").sha256 == before, "the hash is of what runs"
    for name in ("flow_laboratory", "flow_laboratory.own", "flow_laboratory.model"):
        monkeypatch.delitem(sys.modules, name)  # as another process begins
    assert find("own").sha256 != before


def test_hashes_of_all_are_those_of_each():
    """What a station announces is what an order for it is compared with."""
    told = hashes()
    assert list(told) == list(names())
    assert told == {name: find(name).sha256 for name in told}


def test_what_is_no_procedure_is_not_found():
    with pytest.raises(OrderError, match="must hold one procedure"):
        find("evaluation.repeats")
    with pytest.raises(OrderError, match=rf"there is no procedure '{SHORT[0][:-1]}', .*{SHORT[0]}"):
        find(SHORT[0][:-1])


@pytest.mark.parametrize("name", SHORT)
def test_a_package_takes_no_shipped_name(monkeypatch, name):
    shipped = find(name)
    entry = EntryPoint(name, "procedure_package.other:Other", catalogue.GROUP)
    monkeypatch.setattr(catalogue, "entry_points", lambda **_: [entry])
    assert find(name) == shipped
    assert name not in catalogue.names()
