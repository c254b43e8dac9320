"""All pages and forms there are, as the application has them: a new one is walked without being named."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute

from remotecal.web import pages


def routes() -> Iterator[APIRoute]:
    """Yield all that the console answers to, in the order in which it is looked for."""
    app = FastAPI()
    pages.add_to(app)
    for included in app.routes:
        router = getattr(included, "original_router", None)
        yield from (one for one in getattr(router, "routes", ()) if isinstance(one, APIRoute))


def paths(method: str) -> list[str]:
    """Return the paths that take a method, with the names in them in braces."""
    return [one.path for one in routes() if method in one.methods]


def needed(route: APIRoute) -> list[str]:
    """Return what has to stand behind the `?` of an address."""
    return [one.alias for one in route.dependant.query_params if one.field_info.is_required()]


def path_of(address: str, method: str = "POST") -> str | None:
    """Return the path an address is answered by; None for one that nothing answers."""
    where = address.partition("?")[0]
    for path in paths(method):
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), where):
            return path
    return None


class Form(NamedTuple):
    """A form of a page."""

    action: str
    """Where it is sent."""
    method: str
    fields: Mapping[str, str]
    """What a browser sends of it by its first button, if nothing is typed."""
    empty: tuple[str, ...]
    """Fields that somebody must fill in first."""
    files: tuple[str, ...]
    """Fields for a file."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select: str | None = None
        self._buttons = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(said.get("action", ""), said.get("method", "get"), {}, (), ()))
            self._buttons = 0
        elif self.found and (name := said.get("name", "")):
            self._field(tag, name, said)
        elif self.found and tag == "option" and self._select:
            self._option(said)
        elif self.found and tag == "button":
            self._buttons += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "form" and self.found:
            self.found.append(Form("", "none", {}, (), ()))  # what follows is of no form

    def _field(self, tag: str, name: str, said: Mapping[str, str]) -> None:
        form, kind = self.found[-1], said.get("type", "text")
        if tag == "select":
            self._select = name
        elif kind == "file":
            self.found[-1] = form._replace(files=(*form.files, name))
        elif tag == "button":
            if not self._buttons:
                form.fields[name] = said.get("value", "")
            self._buttons += 1
        elif kind != "checkbox" or "checked" in said:
            form.fields.setdefault(name, said.get("value", ""))
            if not form.fields[name] and ("required" in said or kind == "hidden"):
                self.found[-1] = form._replace(empty=(*form.empty, name))

    def _option(self, said: Mapping[str, str]) -> None:
        fields = self.found[-1].fields
        if self._select not in fields or "selected" in said:
            fields[self._select] = said.get("value", "")


def forms(page: str) -> list[Form]:
    """Return the forms of a page that are posted."""
    read = _Forms()
    read.feed(page)
    return [one for one in read.found if one.method == "post"]
