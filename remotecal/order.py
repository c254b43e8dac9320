"""The work order: which procedure, with which parameters, for which device under test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from remotecal.configuration import Written, checked, read_toml
from remotecal.errors import OrderError
from remotecal.model import Contact, EquipmentClass, Identification, Item, Laboratory, Location, Person, Text
from remotecal.model.base import Country, Line
from remotecal.model.identifiers import comparable, turned


def _text(written: object) -> object:
    return {"": written} if isinstance(written, str) else written


def _as_they_stand(words: Text) -> Text:
    if why := next(filter(None, map(turned, words.root.values())), None):
        raise ValueError(why)
    return words


Words = Annotated[Text, BeforeValidator(_text), AfterValidator(_as_they_stand)]
"""A text by language, `{ zh = "泵", en = "pump" }`, or one that is the same in all: `"ABB"`."""


MOST_MONTHS: Final = 240
"""For which a verification may hold."""


class Head(Written):
    """What the order is about."""

    number: Line | Literal[""] = ""
    """Number of the order; the next of the laboratory's series where none is given to its hub."""
    procedure: str = Field(min_length=1)
    """Name of a procedure, or path of a procedure's file, from where the order lies."""
    bench: str | None = None
    """Path of the bench file, from where the order lies, unless it is given with the command."""
    certificate: Line | None = None
    """Number of the certificate; that of the order where none is given."""
    certificates: Literal["together", "each"] = "together"
    """Whether several devices stand together on one certificate, or each has its own."""
    demonstration: bool = False
    """Whether the certificate is a demonstration and not valid."""
    mount: bool = False
    """Whether somebody on site is to mount the devices first, and to confirm it, before all else."""
    empty: tuple[Line, ...] = ()
    """Names of what would fill the role of the devices on the bench, and where none is mounted this time."""
    adjust: bool = False
    """Whether the device is to be adjusted between what was found and what is left."""
    training: bool = False
    """Whether the run is for training; it need not be allowed by the register, and nothing can be issued."""
    verification: bool = False
    """Whether the device is verified (检定) by a regulation, and not calibrated."""
    valid_months: int | None = Field(default=None, ge=1, le=MOST_MONTHS)
    """Months for which a verification that is passed holds, as its regulation says; the certificate then says
    until when (有效期至)."""
    country: Country = "CN"
    """Country of the laboratory (ISO 3166-1)."""
    binding: tuple[Literal["zh", "en"], ...] = ("zh",)
    """Languages in which the certificate is binding."""
    place: Literal["laboratory", "customer", "laboratoryBranch", "customerBranch", "other"] = "laboratory"
    """Where the calibration is done."""

    @model_validator(mode="after")
    def _holds_as_a_verification(self) -> Self:
        if self.valid_months is not None and not self.verification:
            raise ValueError(
                "valid_months is for how long a verification holds: say verification = true, or leave it out"
            )
        return self


DUT = "dut"
"""Id of the device under test in a record; of several, `dut-1` and so on."""
HELD: Final = "the run is held"
"""How a station begins to say that a run waits with its rig safe, and goes on by itself: it has not ended."""
STANDARD_OUT: Final = "a standard of the bench is out of service"
"""Why the laboratory refuses an order, and a run does not count: customers read it, so no more than that."""


class Dut(Written):
    """A device under test."""

    name: Words
    """What it is."""
    maker: Words | None = None
    """Who made it."""
    model: Line | None = None
    """Type designation."""
    serial: Line | None = None
    """The maker's serial number."""
    interface_serial: Line | None = None
    """The serial number its interface tells, where that is another: that of the transmitter on a sensor."""
    owner_number: Line | None = None
    """The owner's number for it."""
    class_scheme: Line | None = None
    """Where its class is defined, such as JJG 1033-2007."""
    class_name: Line | None = None
    """Its class there."""
    description: Words | None = None
    """Its condition on arrival, and whatever else is said of it."""
    certificate: Line | None = None
    """Number of its own certificate, where each device has one; the order's with the device's place behind it
    where none is given."""
    on: Line | None = None
    """Which instrument on the bench this one is, or is read by, by its name there; needed of several devices.
    It must fill the role in which the procedure has its devices."""

    @model_validator(mode="after")
    def _can_be_told_from_others(self) -> Self:
        if not (self.serial or self.owner_number):
            raise ValueError(
                "serial or owner_number is missing: a certificate must tell which device it is for"
            )
        return self

    def item(self, id_: str = DUT) -> Item:
        """Return the device as a certificate names it, by an id there."""
        numbers = []
        if self.serial:
            numbers.append(Identification(value=self.serial, name=Text(zh="出厂编号", en="Serial number")))
        if self.interface_serial:
            name = Text(zh="接口读出编号", en="Serial number told by its interface")
            numbers.append(Identification(value=self.interface_serial, issuer="other", name=name))
        if self.owner_number:
            name = Text(zh="设备编号", en="Owner's number")
            numbers.append(Identification(value=self.owner_number, issuer="owner", name=name))
        classes: tuple[EquipmentClass, ...] = ()
        if self.class_scheme and self.class_name:
            classes = (EquipmentClass(reference=self.class_scheme, class_id=self.class_name),)
        return Item(
            id=id_,
            name=self.name,
            manufacturer=self.maker,
            model=self.model,
            identifications=tuple(numbers),
            classes=classes,
            description=self.description,
        )


class Party(Written):
    """A laboratory or a customer."""

    name: Words
    """Name."""
    address: Words
    """Postal address, as it is printed (ISO/IEC 17025, 7.8.2.1 b and e)."""
    e_mail: Line | None = None
    """Address for electronic mail."""
    phone: Line | None = None
    """Telephone number."""
    code: Line | None = None
    """Accreditation or registration number, for a laboratory."""

    def contact(self) -> Contact:
        """Return the party as a certificate names it."""
        location = Location(further=self.address)
        return Contact(name=self.name, e_mail=self.e_mail, phone=self.phone, location=location)

    def laboratory(self) -> Laboratory:
        """Return the party as the laboratory that issues a certificate."""
        return Laboratory(contact=self.contact(), code=self.code)


class Signatory(Written):
    """Somebody who answers for the certificate."""

    name: Words
    """Name as it is signed."""
    duty: Literal["performed", "reviewed", "approved"]
    """检定, 核验 or 批准."""
    role: Line | None = None
    """Position in the laboratory."""

    def person(self) -> Person:
        """Return them as a certificate names them."""
        approves = self.duty == "approved"
        return Person(name=self.name, duty=self.duty, role=self.role, main_signer=approves)


class Order(Written):
    """A work order: one calibration of one device."""

    order: Head
    """What the order is about."""
    parameters: dict[str, object] = Field(default_factory=dict)
    """The procedure's parameters."""
    dut: Dut | None = None
    """The device under test."""
    duts: tuple[Dut, ...] = ()
    """The devices under test, where there are several; each says `on` which instrument it is read."""
    customer: Party
    """Whom the certificate is for."""
    laboratory: Party
    """Who issues it."""
    persons: tuple[Signatory, ...] = Field(min_length=1)
    """Who answers for it."""

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if (self.dut is None) is not bool(self.duts):
            raise ValueError("give either [dut], or several [[duts]]")
        places = [dut.on for dut in self.duts]
        if None in places or len(set(places)) < len(places):
            raise ValueError(
                "each of several [[duts]] says by `on` which instrument reads it, another one each"
            )
        return self

    @model_validator(mode="after")
    def _certificates_differ(self) -> Self:
        numbered = [dut.certificate for dut in self.devices.values() if dut.certificate is not None]
        if numbered and not self.apart:
            raise ValueError('certificate of a device: say certificates = "each" under [order]')
        if len(set(map(comparable, self.numbers.values()))) < len(self.numbers):
            raise ValueError("two devices would have certificates of one number: give each another")
        return self

    @property
    def apart(self) -> bool:
        """Whether each device has a certificate of its own."""
        return self.order.certificates == "each" and bool(self.duts)

    @property
    def numbers(self) -> dict[str, str]:
        """Id in a record → number of its certificate, where each has one; "" → that of all together."""
        whole = self.order.certificate or self.order.number
        if not self.apart:
            return {"": whole}
        width = len(str(len(self.duts)))
        return {
            id_: dut.certificate or f"{whole}-{place:0{width}}"
            for place, (id_, dut) in enumerate(self.devices.items(), 1)
        }

    @property
    def devices(self) -> dict[str, Dut]:
        """Id in a record → device under test."""
        if self.dut is not None:
            return {DUT: self.dut}
        return {f"{DUT}-{number}": dut for number, dut in enumerate(self.duts, 1)}

    @property
    def items(self) -> tuple[Item, ...]:
        """The devices under test as a certificate names them."""
        return tuple(dut.item(id_) for id_, dut in self.devices.items())

    def of_any_device(self) -> Order:
        """Return the order for whatever devices there are, such as simulated ones: by owners' numbers."""

        def nameless(dut: Dut) -> Dut:
            number = dut.owner_number or dut.serial
            return dut.model_copy(update={"serial": None, "interface_serial": None, "owner_number": number})

        one = None if self.dut is None else nameless(self.dut)
        head = self.order.model_copy(update={"number": self.order.number or "rehearsal"})
        return self.model_copy(update={"order": head, "dut": one, "duts": tuple(map(nameless, self.duts))})

    @classmethod
    def load(cls, path: Path) -> Order:
        """Return the order in a TOML file.

        Raises:
            OrderError: the file can't be read, or something in it is missing, unknown or wrong.
        """
        return checked(cls, read_toml(path, OrderError), str(path), OrderError)
