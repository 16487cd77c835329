"""YAML that a person writes: no aliases, no key twice, nothing executed, soon read or refused."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from sectypes.errors import ConfigError, Failure, InputError

__all__ = ["parse_yaml", "read_mapping"]

_MOST_SETTINGS = 2**17
"""Most characters of a file of settings."""


class _Plain(yaml.BaseLoader):
    """A loader that builds only texts, lists and dicts, and refuses aliases and repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases: nested ones grow without bound."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are refused", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that occurs twice: one of the two values would be lost."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # refused below, because a list or a mapping cannot be a key
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value[:60]!r} occurs twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


class _PlainValues(_Plain, yaml.SafeLoader):
    """The same with numbers, dates and truth values as YAML reads them, none of them forced."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse tags: a forced type fails in ways that are no YAML errors."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise yaml.composer.ComposerError(
                None, None, "tags (!name) are refused", event.start_mark
            )
        return super().compose_node(parent, index)

    def flatten_mapping(self, node: Any) -> None:
        """Leave ``<<`` to be refused as a value: merged keys would escape the check for repeats."""


def parse_yaml(text: str, *, label: str, values: bool = False) -> Any:
    """Parse one YAML document.

    Parameters
    ----------
    text : str
        The document. Its size is the caller's to bound: this takes about a second a megabyte.
    label : str
        What error messages call it.
    values : bool
        False leaves every scalar the text that is written (``ON``, ``0005``); True reads numbers,
        dates, true, false and null.

    Returns
    -------
    Any
        Dicts, lists and scalars.

    Raises
    ------
    InputError
        With line and column: malformed YAML, aliases, a key twice, tags, more than one document;
        also for text that is nested too deeply, or a value such as 2026-99-99 that is none.

    Examples
    --------
    >>> parse_yaml("{ON: 1, 0005: 2}", label="p.yaml")
    {'ON': '1', '0005': '2'}
    >>> parse_yaml("{a: 1, b: [0.5, null]}", label="s.yaml", values=True)
    {'a': 1, 'b': [0.5, None]}
    """
    try:
        return yaml.load(text, Loader=_PlainValues if values else _Plain)  # noqa: S506  both are safe
    except RecursionError as error:
        raise InputError(f"{label} is not valid YAML: nested too deeply") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise InputError(
            f"{label} is not valid YAML: {error.problem} at line {line}, column {column}",
            [Failure(line, str(column), None, error.problem or "malformed")],
        ) from error
    # ValueError: a date that is none, a number of more than 4,300 digits.
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{label} is not valid YAML: {str(error).splitlines()[0]}") from error


def read_mapping(path: str | Path) -> Mapping[str, Any]:
    """The mapping in a small file of settings, with values as in `parse_yaml`.

    Raises
    ------
    ConfigError
        The file cannot be opened, is too large or no UTF-8, or holds no plain YAML mapping.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_MOST_SETTINGS + 1)
        if len(text) > _MOST_SETTINGS:
            raise InputError(f"it is larger than {_MOST_SETTINGS // 2**10} KiB")
        content = parse_yaml(text, label="its content", values=True)
    # ValueError: an InputError, bytes that are not UTF-8, a zero in the path.
    except (ValueError, OSError) as error:
        reason = error.message if isinstance(error, InputError) else error
        raise ConfigError(f"{str(path)[:200]} is not readable as YAML: {reason}") from error
    if not isinstance(content, Mapping):
        raise ConfigError(f"{str(path)[:200]} must hold a mapping of names to values")
    return content
