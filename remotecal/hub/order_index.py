"""What signed orders say, as lists show and find them: copied beside them, and made anew from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from remotecal.errors import EvidenceError
from remotecal.runs.catalogue import full_name
from remotecal.store.orders import OrderSays
from remotecal.store.standing import fitting
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder

if TYPE_CHECKING:
    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.model import Text
    from remotecal.store import Store

LONGEST: Final = 400
"""Bytes of a name that are kept, in each language: an index holds two, in three languages, and takes 2704."""
LANGUAGES: Final = ("zh", "en", "")
"""Languages that are kept where there are others besides; "" stands for all."""


def says(order: RemoteOrder) -> OrderSays:
    """Return what lists of orders tell of one."""
    devices = list(order.order.devices.values())
    first = devices[0]
    customer, device = _in_short(order.order.customer.name), _in_short(first.name)
    return OrderSays(
        bench=order.bench,
        procedure=full_name(order.procedure.name),
        customer=_written(customer),
        device=_written(device),
        serial=first.serial or first.owner_number or "",
        devices=len(devices),
        words="\n".join((*customer.values(), *device.values())),
    )


def rebuild(store: Store, laboratory: PublicKey) -> int:
    """Copy anew what the orders say that the laboratory signed; return of how many it is."""

    def read(envelope: bytes) -> OrderSays | None:
        try:
            return says(unseal(envelope, "order", RemoteOrder, [laboratory]))
        except EvidenceError:
            return None

    return store.orders.rebuild(read)


def _in_short(words: Text) -> dict[str, str]:
    known = {language: words.root[language] for language in LANGUAGES if language in words.root}
    some = known or dict(list(words.root.items())[:2])
    return {language: fitting(said, LONGEST) for language, said in sorted(some.items())}


def _written(words: dict[str, str]) -> str:
    return json.dumps(words, ensure_ascii=False)
