"""What signed orders say, as lists show and find them: copied beside them, and made anew from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from remotecal.errors import EvidenceError
from remotecal.runs.catalogue import full_name
from remotecal.store.orders import OrderSays
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder

if TYPE_CHECKING:
    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.model import Text
    from remotecal.store import Store

LONGEST: Final = 200
"""Characters of a name that are kept, in each language: lists show no more, and an index holds two names."""
LANGUAGES: Final = ("zh", "en", "")
"""Languages that are kept where there are others besides; "" stands for all."""


def says(order: RemoteOrder) -> OrderSays:
    """Return what lists of orders tell of one."""
    devices = list(order.order.devices.values())
    first = devices[0]
    return OrderSays(
        bench=order.bench,
        procedure=full_name(order.procedure.name),
        customer=_in_short(order.order.customer.name),
        device=_in_short(first.name),
        serial=first.serial or first.owner_number or "",
        devices=len(devices),
    )


def rebuild(store: Store, laboratory: PublicKey) -> int:
    """Copy anew what the orders say that the laboratory signed; return of how many it is."""

    def read(envelope: bytes) -> OrderSays | None:
        try:
            return says(unseal(envelope, "order", RemoteOrder, [laboratory]))
        except EvidenceError:
            return None

    return store.orders.rebuild(read)


def _in_short(words: Text) -> str:
    known = {language: words.root[language] for language in LANGUAGES if language in words.root}
    some = known or dict(list(words.root.items())[:2])
    kept = {language: said[:LONGEST] for language, said in some.items()}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)
