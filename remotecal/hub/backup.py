"""A hub's directory and database, copied so that a hub can be put up again from the copy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.errors import ConfigurationError
from remotecal.opening import copy_folder, make_durable, make_sure
from remotecal.store.backup import copy_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.hub.settings import HubFolder

OF_THE_MOMENT = frozenset({"broker"})
"""What is of no use to another start."""


def back_up(folder: HubFolder, to: Path) -> tuple[str, ...]:
    """Copy a hub, which may be up, into a new directory, and return what it needs and is not in there.

    The database is copied first: whatever it names is in the directory by then.

    Raises:
        ConfigurationError: the directory is there already, or in the hub's, or can't be written.
        StoreError: the database can't be copied.
    """
    path, target = folder.path.resolve(), to.resolve()
    if target.exists() or target.is_relative_to(path):
        raise ConfigurationError(f"{to} must be a new directory, and not in {folder.path}")
    draft = target.with_name(f".{target.name}.draft")
    try:
        draft.mkdir(parents=True, mode=0o700)
        try:
            copy = copy_database(folder.database, draft)
            for entry in path.iterdir():
                if entry.name not in OF_THE_MOMENT and not entry.name.startswith(copy.name):
                    _copy(entry, draft / entry.name)
            _make_durable(draft)
            draft.rename(target)
            make_durable(target.parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        raise ConfigurationError(f"{to} can't be written: {error}") from error
    return tuple(name for name in _named(folder) if not (path / name).resolve().is_relative_to(path))


def _copy(entry: Path, to: Path) -> None:
    if entry.is_dir():
        copy_folder(entry, to)
    else:
        shutil.copy2(entry, to)


def _make_durable(folder: Path) -> None:
    for place, _, files in os.walk(folder):
        for name in files:
            with (Path(place) / name).open("rb") as file:
                make_sure(file.fileno())
        make_durable(Path(place))


def _named(folder: HubFolder) -> tuple[str, ...]:
    """Return the files that the settings name."""
    issuing = folder.settings.issuing
    key = None if issuing.key is not None and issuing.key.startswith("pkcs11:") else issuing.key
    mail = folder.settings.notices.mail
    of_mail = () if mail is None else (mail.password_file, mail.trusted)
    named = (issuing.signatories, issuing.trust, issuing.trust_key, key, issuing.password_file, *of_mail)
    return (*(name for name in named if name is not None), *_of_face(folder, issuing.face))


def _of_face(folder: HubFolder, face: str | None) -> Iterator[str]:
    """Yield the files of the laboratory's face, named as from settings; no pictures if it can't be read."""
    from remotecal.certificates.pdf.face import files_of

    if face is None:
        return
    try:
        pictures = files_of(folder.path / face)[1:]
    except ConfigurationError:
        pictures = ()
    yield face
    yield from (str(Path(face).with_name(picture.name)) for picture in pictures)
