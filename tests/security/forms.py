"""The forms that stand on a page, and the ways in which somebody may fill them in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from web.forms import TOKEN_FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TYPED = {"text", "search", "email", "url", "tel", "password", "textarea"}
BOXES = {"checkbox", "radio"}
OUR_WORD = re.compile(r"[a-z][a-z -]{0,20}")
"""What a button or a hidden field says where it names one of a few things to do."""
Filled = list[tuple[str, str]]


@dataclass(frozen=True)
class FormField:
    """A field as it stands on the page."""

    name: str
    kind: str
    value: str
    is_on: bool = True
    """Whether it is sent by whoever changes nothing."""


@dataclass
class PageForm:
    """A form of a page: where it goes, and its fields."""

    action: str
    method: str
    name: str = ""
    fields: list[FormField] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """The fields that take one."""
        return [each.name for each in self.fields if each.kind == "file"]

    @property
    def shape(self) -> tuple[str, tuple[str, ...]]:
        """What makes two forms the same, whatever they are about."""
        path = re.sub(r"\d+", "0", self.action.partition("?")[0])
        names = {re.sub(r"\d+", "0", each.name) for each in self.fields}
        said = {"=".join(_said(each)) for each in self.fields if each.kind in {"hidden", "submit"}}
        return f"{self.method} {path}", (*sorted(names), *sorted(said))

    def ways(self, texts: Sequence[str]) -> Iterator[tuple[str, Filled]]:
        """What is sent, and in which way: the texts typed wherever one can type, with the first button; the
        texts everywhere, also where nobody can type; and as the form stands, with each button.
        """
        buttons = {_said(each): each for each in self.fields if each.kind == "submit"}
        if any(each.kind in TYPED for each in self.fields):
            pressed = [(each.name, each.value) for each in [*buttons.values()][:1]]
            yield "typed", [*self._sent(texts), *pressed]
        yield "everything", self._sent(texts, is_all=True)
        for said, button in buttons.items():
            yield f"as it stands {said}", [*self._sent(), (button.name, button.value)]
        if not buttons:
            yield "as it stands", self._sent()

    def _sent(self, texts: Sequence[str] = (), *, is_all: bool = False) -> Filled:
        line, several = " ".join(" ".join(texts).split()), "\n".join(texts)
        found = []
        for each in self.fields:
            is_ours = not texts or each.name == TOKEN_FIELD or not (is_all or each.kind in TYPED)
            if each.kind != "file" and (is_all or (each.is_on and each.kind != "submit")):
                value = each.value if is_ours else several if each.kind == "textarea" else line
                found.append((each.name, value))
        return found


def _said(each: FormField) -> tuple[str, str]:
    """What a button or hidden field does, without what it does it to."""
    word = each.value.partition(":")[0]
    return re.sub(r"\d+", "0", each.name), word if OUR_WORD.fullmatch(word) else ""


class _Forms(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.here = address.partition("?")[0]
        self.forms: list[PageForm] = []
        self.asked_by_scripts: list[tuple[str, str]] = []
        """Addresses to which a script sends what is typed into the form of that name."""
        self.stray: list[tuple[str, FormField]] = []
        """Fields outside of the form that they name."""
        self.is_inside = False
        self.select: FormField | None = None
        self.option: bool | None = None
        """Whether its value is the text of the option that stands; None where that is known."""
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_inside = True
            action = of.get("action", "").partition("#")[0] or self.here
            self.forms.append(PageForm(action, of.get("method", "get").upper(), of.get("id", "")))
            if "data-copy" in of:
                self.asked_by_scripts.append((of["data-copy"], of.get("id", "")))
        elif tag == "aside" and of.get("id") == "advice":
            self.asked_by_scripts.append((of["data-url"], "editor"))
        elif tag == "option":
            self._option(of)
        elif tag in {"input", "textarea", "button", "select"} and of.get("name") and "disabled" not in of:
            self._field(tag, of)

    def _field(self, tag: str, of: dict[str, str]) -> None:
        kinds = {"input": "text", "button": "submit"}
        kind = of.get("type", kinds[tag]) if tag in kinds else tag
        found = FormField(of["name"], kind, of.get("value", ""), kind not in BOXES or "checked" in of)
        if tag == "select":
            self.select = found
        elif "form" in of:
            self.stray.append((of["form"], found))
        elif self.is_inside and self.forms:
            self.forms[-1].fields.append(found)
            self.text = ""

    def _option(self, of: dict[str, str]) -> None:
        """The first option stands until one is met that is chosen."""
        if self.select is None or not self.forms:
            return
        fields, self.text = self.forms[-1].fields, ""
        is_first = not fields or (fields[-1].name, fields[-1].kind) != (self.select.name, "select")
        if is_first or "selected" in of:
            fields[-1 if not is_first else len(fields) :] = [replace(self.select, value=of.get("value", ""))]
            self.option = "value" not in of

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "select":
            self.select = None
        elif tag == "option" and self.option is not None:
            fields = self.forms[-1].fields
            fields[-1] = replace(fields[-1], value=self.text) if self.option else fields[-1]
            self.option = None
        elif tag == "textarea" and self.forms and self.forms[-1].fields:
            last = self.forms[-1].fields[-1]
            if last.kind == "textarea":
                self.forms[-1].fields[-1] = replace(last, value=self.text.removeprefix("\n"))


def forms_of(html: str, address: str) -> list[PageForm]:
    """The forms of a page that change something, and those that its scripts send from them."""
    reader = _Forms(address)
    reader.feed(html)
    named = {each.name: each for each in reader.forms if each.name}
    for name, found in reader.stray:
        if name in named:
            named[name].fields.append(found)
    sent = [
        PageForm(action, "POST", fields=[each for each in named[name].fields if each.kind != "submit"])
        for action, name in reader.asked_by_scripts
        if name in named
    ]
    return [each for each in reader.forms if each.method == "POST"] + sent
