"""YAML text into plain data, with the line of every value. Pure: takes text, opens no file.

A safe subset: no anchors, no tags, no duplicate keys, keys are texts; scalars follow YAML 1.2, so
that `on`, `yes` and `no` stay words. What is wrong becomes a fault with its line, never an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from ivr.dialog.events import Value
from ivr.dialog.rules import RULES

Path = tuple[str | int, ...]
LARGEST = 1_000_000
"""Characters in one menu file; beyond it the file is refused unread."""
DEEPEST = 40

_NOT_UTF_8 = re.compile("[\ud800-\udfff]")
_MARK = re.compile(r"(?m)(?:^|[\s\[{,:?-])[&*!]\S")
"""Where an anchor, alias or tag might begin: without one the tokens need no look."""
_REFUSED = (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,15})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something wrong in a menu file. Lines count from 1; `path` names the place in words.

    A fault that its node allows has the severity "allowed", and the `reason`.
    """

    file: str
    line: int
    path: str
    rule: str
    message: str
    severity: str = "error"
    reason: str = ""

    def __str__(self) -> str:
        """Return the fault as one line, as compilers print them."""
        why = f" (allowed: {self.reason})" if self.reason else ""
        return f"{self.file}:{self.line}: {self.severity}: {self.message} [{self.rule}]{why}"


@dataclass(slots=True)
class Source:
    """What one file held: its data, the line of each path in it, and the faults found so far."""

    file: str
    data: Value = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path, rule: str, message: str) -> None:
        """Note that a rule is broken at a path."""
        self.fault_at(self.line(path), path, rule, message)

    def fault_at(self, line: int, path: Path, rule: str, message: str) -> None:
        """Note that a rule is broken at a line."""
        where = ".".join(map(str, path))
        self.faults.append(Fault(self.file, line, where, rule, message, RULES[rule].severity))


def read(file: str, text: str) -> Source:
    """Read one file's text. Bytes that are not UTF-8 come as lone surrogates (PEP 383)."""
    source = Source(file)
    if len(text) > LARGEST:
        source.fault((), "too-large", f"the file has more than {LARGEST:,} characters")
        return source
    text = text.removeprefix("\ufeff")
    if (bad := _NOT_UTF_8.search(text)) is not None:
        line = text.count("\n", 0, bad.start()) + 1
        source.fault_at(line, (), "not-utf-8", "this is not UTF-8 text; save the file as UTF-8")
        return source
    try:
        token = (
            next((t for t in _tokens(text) if isinstance(t, _REFUSED)), None) if _MARK.search(text) else None
        )
        if token is not None:
            line = token.start_mark.line + 1
            source.fault_at(line, (), "no-anchors", "anchors (&), aliases (*) and tags (!) are not used here")
            return source
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        _syntax(source, error, text)
        return source
    except (RecursionError, ValueError) as error:
        source.fault((), "syntax", f"the file cannot be read: {type(error).__name__}")
        return source
    source.data = _plain(root, (), source) if root is not None else None
    return source


def _tokens(text: str) -> Iterator[yaml.Token]:
    return iter(yaml.scan(text, Loader=_Loader))


def _syntax(source: Source, error: yaml.YAMLError, text: str) -> None:
    mark = getattr(error, "problem_mark", None)
    lines = text.count("\n") + (not text.endswith("\n"))
    line = min(mark.line + 1, lines) if mark is not None else 1
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    if "'\\t'" in said:
        said = "a tab is used to indent; use spaces"
    source.fault_at(line, (), "syntax", f"this is not YAML: {said}")


def _plain(node: yaml.Node, path: Path, source: Source) -> Value:
    source.lines[path] = node.start_mark.line + 1
    if len(path) > DEEPEST:
        source.fault(path, "too-deep", f"values are nested more than {DEEPEST} deep")
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, source)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, place), source) for place, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path, source: Source) -> dict[str, Value]:
    data: dict[str, Value] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            source.fault(path, "bad-key", "a key must be a plain word")
            continue
        name = str(key.value)
        here = (*path, name)
        if name in data:
            source.lines[here] = key.start_mark.line + 1
            source.fault(here, "duplicate-key", f"'{name}' stands here twice")
            continue
        data[name] = _plain(value, here, source)
        source.lines[here] = key.start_mark.line + 1
    return data


def _scalar(node: yaml.Node) -> Value:
    text = str(node.value)
    if getattr(node, "style", None) in ('"', "'", "|", ">"):
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
