"""Front matter: YAML in which nothing is surprising, read with the line of each field."""

from __future__ import annotations

import re
from typing import Any

import yaml

from kb.formats import BadFile

# The C versions are part of PyYAML's wheels and about ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BaseDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

MAX_DEPTH = 20
MAX_EVENTS = 50_000
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "timestamp", "merge", "value")}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,400})")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan)", re.IGNORECASE)
_LONG = 80


class FrontMatter:
    """`data` as stated, `lines` of fields and `hints` about scalars that YAML does not read as text."""

    def __init__(self, text: str, first_line: int) -> None:
        """Reads `text`, whose first line is line `first_line` of the file. Raises BadFile."""
        self.lines: dict[str, int] = {}
        self.hints: dict[str, str] = {}
        self._first_line = first_line
        try:
            self._check_events(text)
            node = yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            raise _not_yaml(error, first_line) from None
        except yaml.YAMLError as error:
            line = text.count("\n", 0, getattr(error, "position", 0)) + first_line
            raise BadFile(line, "contains a character that YAML does not allow; remove it") from None
        if node is not None and not isinstance(node, yaml.MappingNode):
            raise BadFile(first_line, "must consist of lines such as `title: A short title`")
        self.data: dict[str, Any] = self._mapping(node, "") if node is not None else {}

    def _check_events(self, text: str) -> None:
        """Refuses aliases, deep nesting and floods before anything is built from them."""
        depth = 0
        for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
            line = _line(event) + self._first_line
            if getattr(event, "anchor", None):
                advice = "write the value out, and put a text that starts with & or * in quotes"
                raise BadFile(line, f"uses a YAML anchor or alias: {advice}")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise BadFile(line, f"is nested more than {MAX_DEPTH} deep; no field needs that")
            if number > MAX_EVENTS:
                raise BadFile(line, "has too many values; the text belongs under the front matter")

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, child in node.value:
            line = _line(key) + self._first_line
            if not isinstance(key, yaml.ScalarNode):
                raise BadFile(line, "has a name that is not text; write `name: value`", path)
            # The name as written: YAML would read `on` as true.
            here = f"{path}.{key.value}" if path else key.value
            if key.value in found:
                raise BadFile(line, f"is given twice, first on line {self.lines[here]}; keep one", here)
            self.lines[here] = line
            found[key.value] = self._value(child, here)
        return found

    def _value(self, node: yaml.Node, path: str) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            items = []
            for number, child in enumerate(node.value, 1):
                self.lines[f"{path}.{number}"] = _line(child) + self._first_line
                items.append(self._value(child, f"{path}.{number}"))
            return items
        if not isinstance(node, yaml.ScalarNode):
            line = _line(node) + self._first_line
            raise BadFile(line, f"has the YAML tag {node.tag}; remove the tag", path)
        return self._scalar(node, path)

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        """Text unless it is plainly something else: 12:30, 0o17 and 1_000 stay as written."""
        text, tag = node.value, node.tag.rpartition(":")[2]
        if node.tag in _PLAIN_TAGS:
            return text
        if tag == "null":
            return None
        if tag == "bool":
            self.hints[path] = f'YAML reads {text} as true or false: put it in quotes, "{text}"'
            return text.lower() in {"yes", "true", "on"}
        if tag in {"int", "float"}:
            if not (_WHOLE if tag == "int" else _NUMBER).fullmatch(text):
                return text
            self.hints[path] = f'YAML reads {text[:40]} as a number: put it in quotes, "{text[:40]}"'
            plain = re.sub(r"\.(?=[a-z])", "", text.lower())  # .inf and .nan are inf and nan elsewhere
            return int(text) if tag == "int" else float(plain)
        line = _line(node) + self._first_line
        raise BadFile(line, f"has the YAML tag {node.tag}; remove the tag", path)


def _line(item: yaml.Event | yaml.Node) -> int:
    return item.start_mark.line if item.start_mark else 0


def _not_yaml(error: yaml.MarkedYAMLError, first_line: int) -> BadFile:
    mark = error.problem_mark or error.context_mark
    line = mark.line + first_line if mark else first_line
    problem = error.problem or "the end comes too early"
    if "\\t" in problem or "tab" in problem:
        return BadFile(line, "a tab stands where YAML wants spaces; replace it with spaces")
    advice = "put a text that contains ': ' or ' #', or starts with a special character, in quotes"
    return BadFile(line, f"is not valid YAML ({problem}): {advice}")


class _Block(str):
    """Text that is written as a block scalar, or in double quotes where a block would lose something."""

    __slots__ = ()


class _Dumper(_BaseDumper):  # type: ignore[misc]
    """Writes _Block as `|`."""


_Dumper.add_representer(
    _Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
)


def dump(data: dict[str, Any]) -> str:
    """`data` as YAML that `FrontMatter` reads back to the same values; equal data, equal text."""
    text = yaml.dump(_styled(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 30)
    return str(text)


def _styled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _styled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_styled(item) for item in value]
    if isinstance(value, str) and (len(value) > _LONG or "\n" in value):
        return _Block(value)
    return value
