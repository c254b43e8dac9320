"""Modbus device identification: who answers, in the instrument's own words.

Source: MODBUS Application Protocol Specification V1.1b3, 6.21 (function 43, MEI type 14).
"""

from __future__ import annotations

from typing import Final, NamedTuple

FUNCTION: Final = 43
MEI_TYPE: Final = 14
BASIC: Final = 1
"""Which objects are asked for: maker, product code, revision …"""
INDIVIDUAL: Final = 4
"""… or one of them, such as a maker's own (128 to 255)."""
MAKER, PRODUCT, REVISION = 0, 1, 2
_HEAD: Final = 7
"""Bytes before the objects: function, MEI type, code, conformity, more, next object, count."""
_MORE: Final = 0xFF


class Told(NamedTuple):
    """Part of an identification."""

    objects: dict[int, str]
    """Texts by the numbers of the objects."""
    following: int | None
    """The object to go on from; None where that was all."""


def question(first: int = MAKER, code: int = BASIC) -> bytes:
    """Return the PDU that asks for the basic identification from an object on, or for one object."""
    return bytes((FUNCTION, MEI_TYPE, code, first))


def is_question(pdu: bytes) -> bool:
    """Tell whether a PDU asks who an instrument is."""
    return pdu[:-1] in {question(0, code)[:-1] for code in (BASIC, INDIVIDUAL)}


def answer(objects: dict[int, str], code: int = BASIC) -> bytes:
    """Return the PDU that answers `question` by all objects at once."""
    texts = b"".join(bytes((number, len(text))) + text.encode("ascii") for number, text in objects.items())
    return bytes((FUNCTION, MEI_TYPE, code, BASIC, 0, 0, len(objects))) + texts


def size(pdu: bytes) -> int | None:
    """Return how long the answer is that begins with `pdu`; None while too little came."""
    if len(pdu) < _HEAD:
        return None
    place = _HEAD
    for _ in range(pdu[_HEAD - 1]):
        if len(pdu) < place + 2:
            return None
        place += 2 + pdu[place + 1]
    return place


def understand(pdu: bytes) -> Told | None:
    """Return what an answer tells; None if it is none."""
    if pdu[:2] != bytes((FUNCTION, MEI_TYPE)) or size(pdu) != len(pdu):
        return None
    objects: dict[int, str] = {}
    place = _HEAD
    while place < len(pdu):
        end = place + 2 + pdu[place + 1]
        objects[pdu[place]] = pdu[place + 2 : end].decode("ascii", "replace").strip(" \0")
        place = end
    return Told(objects, pdu[5] if pdu[4] == _MORE else None)
