"""Backup: facts, overrides and second opinions as records, in YAML, JSON or Parquet, and back.

A record has `ticker`, `security_type`, `subtype`, `leverage`, `origin`, `raw_label`, `name`,
`observed_at`, `expires_at` (ISO 8601 with offset), `author` (of an override, whose note is the
`raw_label`), `role` ("opinion" for what the second source said) and `fmp_data` (what the source
sent, as JSON text). Remembered "no"s, uses, the count of calls and the history stay where they are:
the first three mean nothing elsewhere, and a history that continues in two places would contradict
itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sectypes.backup_records import COLUMNS, Backup, from_records, to_records
from sectypes.config import Settings
from sectypes.errors import InputError
from sectypes.files import write_whole
from sectypes.moments import CLOCK_SLACK
from sectypes.records import html_table
from sectypes.taxonomy import Classification

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["ImportSummary", "export_cache", "import_cache", "read_backup"]

MOST_BYTES = 256 * 2**20
MOST_RECORDS = 1_000_000

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """What a backup brought, or would bring.

    Attributes
    ----------
    read : int
        Records in the file.
    new, replaced, kept : int
        Facts that were not known, that took an older one's place, and that were left aside because
        what is known is as new or newer.
    overrides_new, overrides_kept : int
        Overrides that were not there, and those whose ticker has one already, which stays.
    opinions_new, opinions_kept : int
        Second opinions that were not known or are newer, and those that were left aside.
    dry_run : bool
        Whether nothing was written.
    """

    read: int
    new: int
    replaced: int
    kept: int
    overrides_new: int
    overrides_kept: int
    opinions_new: int
    opinions_kept: int
    dry_run: bool

    def to_dict(self) -> dict[str, int | bool]:
        """Plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        """One line for people."""
        numbers = {name: value for name, value in self.to_dict().items() if name != "dry_run"}
        told = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in numbers.items())
        return f"would be: {told}" if self.dry_run else told

    def _repr_html_(self) -> str:
        return html_table("Import (planned)" if self.dry_run else "Import", self.to_dict())


def export_cache(store: SqlStore, path: str | Path) -> int:
    """Write all facts, overrides and second opinions to a file, whole or not at all.

    Parameters
    ----------
    store : SqlStore
        The database.
    path : str | Path
        Ends in .yaml, .yml, .json or .parquet.

    Returns
    -------
    int
        How many records were written.

    Raises
    ------
    InputError
        Another suffix, or the file cannot be written.
    """
    write, _ = _format(path)
    records = to_records(store.dump())
    write_whole(path, write(records))
    return len(records)


def import_cache(
    store: SqlStore,
    path: str | Path,
    *,
    force: bool = False,
    dry_run: bool = False,
    life: timedelta | None = None,
) -> tuple[ImportSummary, list[str]]:
    """Read a file into the database, all of it or nothing.

    Parameters
    ----------
    store : SqlStore
        The database.
    path : str | Path
        As `export_cache` writes it.
    force : bool
        Older facts and opinions replace newer ones as well.
    dry_run : bool
        Only tell what would happen.
    life : timedelta | None
        How long a fact or an opinion that does not say when it expires counts from when it was
        seen; None for what `Settings` has. An override that does not say counts for ever.

    Returns
    -------
    tuple[ImportSummary, list[str]]
        What happened, and the keys of the file.

    Raises
    ------
    InputError
        The file cannot be read, a record is not as it must be, or it was seen more than
        `CLOCK_SLACK` after now; nothing is written then.
    """
    backup = read_backup(path, latest=store.now() + CLOCK_SLACK)
    life = timedelta(seconds=Settings().cache_ttl) if life is None else life
    facts = [(_limited(fact, life), payload) for fact, payload in backup.facts]
    opinions = [_limited(one, life) for one in backup.opinions]
    done = store.restore(facts, backup.overrides, opinions, force=force, dry_run=dry_run)
    keys = list(dict.fromkeys(one.ticker for one in (*(fact for fact, _ in facts), *opinions)))
    read = len(facts) + len(backup.overrides) + len(opinions)
    return ImportSummary(read=read, dry_run=dry_run, **done._asdict()), keys


def _limited(fact: Classification, life: timedelta) -> Classification:
    """The fact with the end of its life, where it names none: no fact counts for ever."""
    if fact.expires_at is not None or fact.observed_at is None:
        return fact
    return fact.replace(expires_at=fact.observed_at + life)


def read_backup(path: str | Path, *, latest: datetime | None = None) -> Backup:
    """Read and check a backup file, in which nothing may have been seen after `latest`.

    Raises
    ------
    InputError
        With the number of the record, its field, the value and what is wrong.
    """
    _, parse = _format(path)
    label = Path(path).name
    try:
        size = Path(path).stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{label} is larger than {MOST_BYTES // 2**20} MiB")
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        why = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {path}: {why}") from None
    records = parse(content, label)
    if not isinstance(records, list):
        raise InputError(f"{label} is no backup: it must be a list of records")
    if len(records) > MOST_RECORDS:
        raise InputError(f"{label} has more than {MOST_RECORDS:,} records")
    return from_records(records, label, latest=latest)


# -- formats --------------------------------------------------------------------------------


class _Quoted(str):
    """A text that is written in double quotes, so that no reader takes ON or 1E5 for a value."""

    __slots__ = ()


class _Dumper(yaml.CSafeDumper if hasattr(yaml, "CSafeDumper") else yaml.SafeDumper):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _double_quoted(dumper: yaml.SafeDumper, text: _Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


_Dumper.add_representer(_Quoted, _double_quoted)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _write_yaml(records: Sequence[Record]) -> bytes:
    quoted = [{**one, "ticker": _Quoted(one["ticker"])} for one in records]
    text = yaml.dump(quoted, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**30)
    return str(text).encode("utf-8")


def _parse_yaml(content: bytes, label: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
        _refuse_tricks(text, label)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{label} is not valid YAML: {_first_line(error)}") from None


def _refuse_tricks(text: str, label: str) -> None:
    """Refuse aliases, which can grow without bound, tags, deep nesting, and keys that repeat."""
    depth = 0
    keys: set[str] = set()
    is_key = True
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InputError(f"{label}, line {line}: anchors and aliases are refused")
        if getattr(event, "tag", None):
            raise InputError(f"{label}, line {line}: tags are refused")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > 2 or (depth == 2 and not isinstance(event, yaml.MappingStartEvent)):
                raise InputError(f"{label}, line {line}: it must be a list of flat records")
            keys, is_key = set(), True
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and depth == 2:
            if is_key and event.value in keys:
                raise InputError(f"{label}, line {line}: {event.value[:40]!r} occurs twice")
            if is_key:
                keys.add(event.value)
            is_key = not is_key


def _write_json(records: Sequence[Record]) -> bytes:
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in records)
    return f"[\n{lines}\n]\n".encode()


def _parse_json(content: bytes, label: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            raise ValueError("a key occurs twice in one record")
        return made

    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{label} is not valid JSON: {_first_line(error)}") from None


def _write_parquet(records: Sequence[Record]) -> bytes:
    import io

    import pyarrow as pa
    from pyarrow import parquet

    kinds = {name: pa.float64() if name == "leverage" else pa.string() for name in COLUMNS}
    table = pa.Table.from_pylist(list(records), schema=pa.schema(list(kinds.items())))
    content = io.BytesIO()
    parquet.write_table(table, content, compression="zstd")
    return content.getvalue()


def _parse_parquet(content: bytes, label: str) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(pa.BufferReader(content)) as file:
            groups = range(file.metadata.num_row_groups)
            size = sum(file.metadata.row_group(group).total_byte_size for group in groups)
            if size > MOST_BYTES or file.metadata.num_rows > MOST_RECORDS:
                raise InputError(f"{label} unpacks to more than a backup may hold")
            rows: Iterable[dict[str, Any]] = file.read().to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{label} is not valid Parquet: {_first_line(error)}") from None
    # A table has every column in every row; what is empty was not there.
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def _first_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:197] + "..."


_Write = Callable[[Sequence[Record]], bytes]
_Parse = Callable[[bytes, str], Any]
_FORMATS: dict[str, tuple[_Write, _Parse]] = {
    ".yaml": (_write_yaml, _parse_yaml),
    ".yml": (_write_yaml, _parse_yaml),
    ".json": (_write_json, _parse_json),
    ".parquet": (_write_parquet, _parse_parquet),
}


def _format(path: str | Path) -> tuple[_Write, _Parse]:
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        suffixes = ", ".join(_FORMATS)
        raise InputError(f"{Path(path).name}: the name of a backup ends in one of {suffixes}")
    return _FORMATS[suffix]
