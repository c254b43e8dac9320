"""All pages and forms there are, as the application has them: a new one is walked without being named."""

import re
from collections.abc import Collection, Iterator, Mapping
from copy import copy
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
        self._option: Mapping[str, str] | None = None
        self._buttons = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(said.get("action", ""), said.get("method", "get"), {}, (), ()))
            self._buttons = 0
        elif self.found and (name := said.get("name", "")):
            self._field(tag, name, said)
        elif self.found and tag == "option" and self._select:
            self._option = said
            if "value" in said:
                self._choose(said["value"])
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

    def handle_data(self, data: str) -> None:
        if self._option is not None and "value" not in self._option:  # what is shown is what is sent
            self._choose(data.strip())

    def _choose(self, value: str) -> None:
        fields = self.found[-1].fields
        if self._select is not None and (self._select not in fields or "selected" in self._option):
            fields[self._select] = value
        self._option = None


def forms(page: str) -> list[Form]:
    """Return the forms of a page that are posted."""
    read = _Forms()
    read.feed(page)
    return [one for one in read.found if one.method == "post"]


ENDING = frozenset({"/logout", "/stations/{station}/revoke"})
"""Forms after which nobody could ask anything more, or the station would carry out nothing."""
TYPES = {
    ".zip": "application/zip",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".xml": "application/xml",
    ".ics": "text/calendar",
    "/scan": "application/octet-stream",
    "/pictures/{sha256}": "image/jpeg",
    "/brought/{certificate}": "application/xml",
    "/static/{name}": "image/svg+xml",
    "/key/request": "application/pkcs10",
}
"""End of a path → what comes from there; a page from all others."""


def described(fields: Mapping[str, Collection[str]]) -> dict[str, object]:
    """Return the description of all pages and forms, as the API has one; streams are read elsewhere.

    Args:
        fields: path → fields of its form.
    """
    app = FastAPI()
    for route in routes():
        if not route.path.endswith("/news") and route.path not in ENDING:
            shown = copy(route)
            shown.include_in_schema = True
            app.router.routes.append(shown)
    schema = app.openapi()
    for path, names in fields.items():
        if path in schema["paths"]:
            properties = {name: {"type": "string"} for name in names}
            content = {"schema": {"type": "object", "properties": properties}}
            schema["paths"][path]["post"]["requestBody"] = {
                "content": {"application/x-www-form-urlencoded": content}
            }
    return schema


def kinds(path: str, query: Mapping[str, object] | None) -> set[str]:
    """Return what may come from a path: a page of why not, or what its end tells."""
    told = {one for end, one in TYPES.items() if path.endswith(end)}
    return {"text/html"} | told | ({"text/csv"} if (query or {}).keys() & {"format", "table"} else set())
