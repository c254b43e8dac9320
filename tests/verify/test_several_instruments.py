"""A standard's certificate that is for several instruments, of which the run used one."""

import json

from forged_paper import examine, outcomes
from made import NOW, Made, certificate_used, chained, scale_certificate

from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.trace import trace
from remotecal.journal.events import read_journal
from remotecal.model import Certificate, Identification, Item, Record, Text


def two_scales() -> Record:
    """Return a certificate for two scales, whose errors differ."""
    plain = scale_certificate()
    items = tuple(
        Item(id=f"scale{n}", name=Text.plain("scale"), identifications=(Identification(value=f"B-{n}"),))
        for n in (1, 2)
    )
    measurement = plain.measurements[0]
    (result,) = measurement.results
    other = Record.from_json(plain.to_json().replace('"0.012"', '"0.120"')).measurements[0].results[0]
    results = tuple(
        each.model_copy(update={"items": (item.id,)})
        for each, item in zip((result, other), items, strict=True)
    )
    measured = measurement.model_copy(update={"results": results})
    return plain.model_copy(update={"items": items, "measurements": (measured,)})


def applying(made: Made, serial: str) -> None:
    """Let the journal tell that the run applied what the certificate says of one of the scales."""
    made.write_standard(two_scales())
    used = certificate_used(made.standards / "scale.xml")
    used = used.model_copy(update={"record": Certificate(used.record).of((serial,)).record})
    events = list(read_journal(made.journal))
    data = json.loads(json.dumps(events[0].data)) | {"certificates": {"scale": used.model_dump(mode="json")}}
    made.journal.write_bytes(chained([events[0]._replace(data=data), *events[1:]]))


def applied(made: Made) -> tuple[str, str]:
    return outcomes(examine(made))["certificates applied"]


def test_a_run_applies_what_the_certificate_says_of_its_instrument(made: Made) -> None:
    applying(made, "B-1")
    assert applied(made) == ("passed", "the run applied what MASS-1 say")


def test_a_run_that_applied_the_numbers_of_another_instrument(made: Made) -> None:
    applying(made, "B-1")
    events = list(read_journal(made.journal))
    data = json.loads(json.dumps(events[0].data).replace('"0.012"', '"0.120"'))
    made.journal.write_bytes(chained([events[0]._replace(data=data), *events[1:]]))
    outcome, said = applied(made)
    assert outcome == "failed"
    assert "applied other numbers" in said


def test_an_instrument_the_certificate_is_not_for(made: Made) -> None:
    applying(made, "B-1")
    events = list(read_journal(made.journal))
    data = json.loads(json.dumps(events[0].data).replace('"B-1"', '"B-3"'))
    made.journal.write_bytes(chained([events[0]._replace(data=data), *events[1:]]))
    _, said = applied(made)
    assert (
        said == "the run can't have applied it: certificate MASS-1 is for B-1, B-2, not for serial number B-3"
    )


def test_a_chain_names_the_instrument_that_was_used(made: Made) -> None:
    data = made.write_standard(two_scales())
    assert trace(data, CertificateLibrary(), made.trust(), NOW).item == "scale B-1, scale B-2"
    record = made.recompute(made.run)
    path = made.seal(record)
    (scale,) = trace(path.read_bytes(), CertificateLibrary([made.standards]), made.trust(), NOW).standards
    assert (scale.item, scale.standing) == ("scale B-1", "national standard")
