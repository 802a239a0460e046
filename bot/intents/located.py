"""YAML read with the place of every value, so that a fault can name its line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.errors import Fault

Step = str | int
"""A key of a map or an index of a list."""

MAX_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class Document:
    """One YAML or JSON file: its plain data, where each value stands, and the faults found so far."""

    path: Path
    data: Any = None
    faults: list[Fault] = field(default_factory=list)
    places: dict[tuple[Step, ...], tuple[int, int]] = field(default_factory=dict)

    def where(self, *steps: Step) -> str:
        """Return `file:line:column` of the value at `steps`, or of the nearest thing around it."""
        while steps and steps not in self.places:
            steps = steps[:-1]
        line, column = self.places.get(steps, (1, 1))
        return f"{shown(self.path)}:{line}:{column}"

    def fault(self, sentence: str, *steps: Step) -> None:
        """Note a mistake that keeps the file from being published."""
        self.faults.append(Fault(where=self.where(*steps), sentence=sentence))

    def warn(self, sentence: str, *steps: Step) -> None:
        """Note something a maintainer should look at."""
        self.faults.append(Fault(where=self.where(*steps), sentence=sentence, warning=True))


def shown(path: Path) -> str:
    """Return the path as a person would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_yaml(path: Path) -> Document:
    """Read a YAML (or JSON) file; what cannot be read is a fault in the result, never an exception."""
    document = Document(path=path)
    try:
        if path.stat().st_size > MAX_BYTES:
            document.fault(f"is larger than {MAX_BYTES // 2**20} MiB; split it, or use .jsonl for knowledge")
            return document
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        document.fault(f"is not UTF-8 (byte {exc.start}); save it as UTF-8")
        return document
    except OSError as exc:
        document.fault(f"cannot be read ({exc.strerror}); check its name and rights")
        return document
    loader = yaml.CSafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            document.data = _Builder(document, loader).value(node, ())
    except yaml.MarkedYAMLError as exc:
        # For a bracket or quote that is never closed, the place where it was opened says more.
        unclosed = "did not find expected" in str(exc.problem) or "unexpected end" in str(exc.problem)
        mark = (exc.context_mark if unclosed else None) or exc.problem_mark or exc.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        document.faults.append(
            Fault(
                where=f"{shown(path)}{place}",
                sentence=f"is not YAML here: {exc.problem}; {_hint(str(exc.problem))}",
            )
        )
        document.data = None
    except (yaml.YAMLError, RecursionError, ValueError) as exc:
        document.fault(f"is not YAML: {_one_line(exc)}; check the quotes and the indentation")
        document.data = None
    finally:
        loader.dispose()
    return document


class _Builder:
    """Turns nodes into plain data and remembers where each stood."""

    def __init__(self, document: Document, loader: yaml.CSafeLoader) -> None:
        self._document = document
        self._loader = loader
        self._met: set[int] = set()

    def value(self, node: yaml.Node, steps: tuple[Step, ...]) -> Any:
        # An alias gives the same node again; expanding it could take for ever, and content has no use for it.
        # The node stands where it was first written: the place of the alias is that of the key before it.
        if id(node) in self._met:
            self._document.fault("uses a YAML alias (*name); write the text out", *steps)
            return None
        self._met.add(id(node))
        self._document.places[steps] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, steps)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*steps, index)) for index, child in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, steps: tuple[Step, ...]) -> Mapping[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            # Keys are taken as written: `no:` is a language, not a boolean.
            if not isinstance(key_node, yaml.ScalarNode):
                self._document.fault("has a key that is no text; write `key: value`", *steps)
                continue
            key = str(key_node.value)
            self._document.places[(*steps, key)] = (
                key_node.start_mark.line + 1,
                key_node.start_mark.column + 1,
            )
            if key in result:
                self._document.fault(f"has the key {key!r} twice; keep one", *steps, key)
            value = self.value(value_node, (*steps, key))
            if not isinstance(value_node, yaml.ScalarNode):
                # A fault about a whole list reads better at its key than at its first item.
                self._document.places[(*steps, key)] = (
                    key_node.start_mark.line + 1,
                    key_node.start_mark.column + 1,
                )
            result[key] = value
        return result


def _one_line(exc: Exception) -> str:
    return re.sub(r"\s+", " ", str(exc))[:200]


def _hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "put quotes around a text that holds a colon"
    if "tab" in problem or "cannot start any token" in problem:
        return "indent with spaces, and put quotes around a text that begins with a sign"
    return "check the quotes and the indentation around this line"
