"""Laboratories, customers and the persons who answer for a certificate."""

from typing import Literal

from remotecal.model.base import Country, Frozen, Line, Text


class Location(Frozen):
    """A postal address, or as much of one as is known."""

    street: Line | None = None
    """Street."""
    street_number: Line | None = None
    """Number of the house."""
    post_code: Line | None = None
    """Postal code."""
    post_office_box: Line | None = None
    """Post office box."""
    city: Line | None = None
    """City."""
    state: Line | None = None
    """Province or state."""
    country: Country | None = None
    """Country."""
    further: Text | None = None
    """Whatever else finds the place: a building, a hall, a rig."""


class Contact(Frozen):
    """Who somebody is and how to reach them."""

    name: Text
    """Name of the organisation or the person."""
    e_mail: Line | None = None
    """Address for electronic mail."""
    phone: Line | None = None
    """Telephone number."""
    link: Line | None = None
    """Address in the web."""
    location: Location | None = None
    """Postal address."""


class Laboratory(Frozen):
    """The laboratory that issues the certificate (ISO/IEC 17025, 7.8.2.1 b)."""

    contact: Contact
    """Name and address."""
    code: Line | None = None
    """Accreditation or registration number."""


class Person(Frozen):
    """Somebody who answers for the certificate."""

    name: Text
    """Name as it is signed."""
    duty: Literal["performed", "reviewed", "approved"] | None = None
    """检定, 核验 or 批准."""
    role: Line | None = None
    """Position in the laboratory."""
    main_signer: bool | None = None
    """Whether the certificate is issued under this signature."""
    description: Text | None = None
    """Whatever else is said of them, such as a registration number."""
