"""Statements the laboratory adds to what a run gives: nobody can compute them, so their words are fixed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remotecal.model import Statement, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.model import Record

REMOTE = "remotecal_remoteOperation"
AMENDMENT = "remotecal_amendment"
PUBLIC = "remotecal_publicAddress"

_STATION = re.compile(r".* through its station (?P<station>[\w.-]{1,64}) beside the instruments, .*")
_PUBLIC = re.compile(r".* is told at (?P<address>https://[!-~]{1,120})")
_AMENDED = {
    "zh": re.compile(
        r"本证书替代证书 .+[，,]后者作废。更改内容[：:](?P<parts>.+?)。原因[：:](?P<reason>.+)", re.DOTALL
    ),
    "en": re.compile(
        r"This certificate takes the place of .+, which is no longer valid\. Changed: (?P<parts>.+?)\. "
        r"Reason: (?P<reason>.+)",
        re.DOTALL,
    ),
}


_IN_CHINESE = (
    "本证书替代证书 {number}，后者作废。更改内容：{parts}。原因：{reason}",
    "本证书替代证书 {number},后者作废。更改内容:{parts}。原因:{reason}",
)
"""How an amendment says it in Chinese, and how it did once, with which certificates are signed."""

PARTS: Mapping[str, tuple[str, str]] = {
    "laboratory": ("实验室", "laboratory"),
    "customer": ("委托单位", "customer"),
    "persons": ("人员", "persons"),
    "identifications": ("编号", "further numbers"),
    "items": ("被校器具", "item"),
    "received": ("收样日期", "day of receipt"),
    "begun": ("校准日期", "first day"),
    "finished": ("校准日期", "last day"),
    "place": ("校准地点", "place"),
    "statements": ("声明", "statements"),
    "measurements": ("校准结果", "results"),
    "evidence": ("证据", "evidence"),
}
"""Fields of a record that an amendment may change, as it names them."""


def remote_operation(laboratory: Text, station: str, *, verified: bool = False) -> Statement:
    """Return the statement that a calibration, or a verification, was carried out through a station."""
    zh, en = ("检定", "verification") if verified else ("校准", "calibration")
    return Statement(
        ref_types=(REMOTE,),
        declaration=Text(
            zh=f"本次{zh}由{laboratory.get('zh')}通过现场站“{station}”远程实施；全部原始观测记录均由该站签名。",
            en=(
                f"The {en} was carried out remotely by {laboratory.get('en')} through its "
                f"station {station} beside the instruments, which signed the complete record of observations."
            ),
        ),
    )


def public_address(address: str) -> Statement:
    """Return the statement of where anybody is told whether the certificate still counts."""
    return Statement(
        ref_types=(PUBLIC,),
        name=Text(zh="证书查验", en="Whether this certificate counts"),
        declaration=Text(
            zh=f"本证书是否有效、被替换或被撤销，可在此查询：{address}",
            en=f"Whether this certificate is valid, replaced or revoked is told at {address}",
        ),
    )


def address_in(record: Record) -> str | None:
    """Return where a certificate says that anybody is told whether it counts; None if it says nothing."""
    return next(filter(None, map(_address, record.statements)), None)


def _address(statement: Statement) -> str | None:
    """Return the address in a statement of one, in these words alone; None if it is no such statement."""
    if statement.ref_types != (PUBLIC,) or statement.declaration is None:
        return None
    said = _PUBLIC.fullmatch(statement.declaration.root.get("en", ""))
    return said["address"] if said is not None and statement == public_address(said["address"]) else None


def without_address(record: Record) -> Record:
    """Return a record that says nothing of where its public page is; that goes with its number."""
    kept = tuple(statement for statement in record.statements if statement.ref_types != (PUBLIC,))
    return record.model_copy(update={"statements": kept})


def amendment(
    number: str, parts: Sequence[tuple[str, str]], reason: Text, *, in_chinese: str = _IN_CHINESE[0]
) -> Statement:
    """Return the statement of what was changed against certificate `number`, in Chinese and English."""
    zh, en = (list(dict.fromkeys(names)) for names in zip(*parts, strict=True))
    return Statement(
        ref_types=(AMENDMENT,),
        name=Text(zh="证书更改", en="Amendment"),
        declaration=Text(
            zh=in_chinese.format(number=number, parts="、".join(zh), reason=reason.get("zh")),
            en=f"This certificate takes the place of {number}, which is no longer valid. "
            f"Changed: {', '.join(en)}. Reason: {reason.get('en')}",
        ),
        norms=("ISO/IEC 17025:2017",),
        references=("7.8.8",),
    )


def amended_parts(statement: Statement, number: str) -> tuple[str, ...]:
    """Return what a statement of amendment says was changed, in English; empty if it is none for `number`.

    Its reason is the laboratory's own; nothing else in it may be.
    """
    said = {
        language: pattern.fullmatch(statement.declaration.root.get(language, ""))
        for language, pattern in _AMENDED.items()
        if statement.declaration is not None
    }
    zh, en = said.get("zh"), said.get("en")
    if zh is None or en is None:
        return ()
    named = en["parts"].split(", ")
    parts = [names for names in PARTS.values() if names[1] in named]
    reason = Text(zh=zh["reason"], en=en["reason"])
    if all(statement != amendment(number, parts, reason, in_chinese=words) for words in _IN_CHINESE):
        return ()
    return tuple(name for _, name in parts)


def may_be_added(statement: Statement, record: Record) -> bool:
    """Tell whether the laboratory may have added a statement to what was computed: in these words alone."""
    if statement.ref_types == (AMENDMENT,):
        return record.replaces is not None and bool(amended_parts(statement, record.replaces.number))
    if statement.ref_types == (PUBLIC,):
        return _address(statement) is not None
    if statement.ref_types != (REMOTE,) or statement.declaration is None:
        return False
    said = _STATION.fullmatch(statement.declaration.root.get("en", ""))
    if said is None:
        return False
    name = record.laboratory.contact.name
    kinds = (False, record.is_verification)  # one of verification called itself a calibration once
    either = (remote_operation(name, said["station"], verified=kind) for kind in kinds)
    return statement in either
