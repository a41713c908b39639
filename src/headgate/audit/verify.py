"""Whether the audit is whole: every record as it was written, none missing, none added.

The chain shows any change to a record and any record taken from the middle. What it cannot show
alone is a cut at its end, or a chain written anew as a whole: for that, keep the hash of the
newest record elsewhere, and give it as ``head``.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from headgate.ports import chain, store

BATCH = 1000
"""Records that are held at one time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a chain is whole, and where it first is not."""

    intact: bool
    records: int
    """How many records were looked at, the first bad one included."""
    head: str
    """Hash of the newest record that fits; 64 zeros where there is none."""
    first_bad: int = 0
    """Number of the first record that does not fit; 0: all fit."""
    text: str


class Unreadable(Exception):
    """A line of the file is no audit record."""

    def __init__(self, what: str, *, line: int) -> None:
        self.what = what
        self.where = f"line {line}"
        self.next_step = "Export the audit again, or use the file as it was exported"
        self.line = line
        super().__init__(f"{what} ({self.where})")


def records(
    found: Iterable[store.AuditRecord], *, head: str = "", from_first: bool = True
) -> Verdict:
    """The verdict on records in the order of their numbers.

    With ``head``, some record must carry that hash. Without ``from_first`` the chain may begin
    after its first record, as an exported part does; its first link is then taken as given.
    """
    looked = 0
    last: store.AuditRecord | None = None
    head_seen = not head
    for record in found:
        looked += 1
        wrong = _wrong(last, record, from_first)
        if wrong:
            return Verdict(
                intact=False,
                records=looked,
                head=last.hash if last else chain.GENESIS,
                first_bad=record.number,
                text=f"Record {record.number} does not fit: {wrong}",
            )
        last = record
        head_seen = head_seen or record.hash == head
    newest = last.hash if last else chain.GENESIS
    if not head_seen:
        return Verdict(
            intact=False,
            records=looked,
            head=newest,
            first_bad=(last.number if last else 0) + 1,
            text=f"No record has the hash {head}: the end was cut off, or all was written anew",
        )
    count = f"{looked:,} record{'' if looked == 1 else 's'}"
    text = f"The chain is whole: {count}" if looked else "The audit holds no record yet"
    return Verdict(intact=True, records=looked, head=newest, text=text)


def stored(database: store.Store, *, head: str = "") -> Verdict:
    """The verdict on the audit in a store, read in batches that hold up no writer.

    Raises:
        StoreError: the database cannot be read.
    """
    return records(walk(database), head=head)


def walk(database: store.Store) -> Iterator[store.AuditRecord]:
    """Every record of a store, oldest first."""
    after = 0
    while True:
        with database.read() as work:
            batch = work.audit.walk(after=after, limit=BATCH)
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1].number


def export(found: Iterable[store.AuditRecord], file: IO[str]) -> int:
    """The records are in the file, one JSON object a line; how many they are."""
    count = 0
    for record in found:
        file.write(chain.canonical_json(_fields(record)) + "\n")
        count += 1
    return count


def exported(lines: Iterable[str]) -> Iterator[store.AuditRecord]:
    """The records of an exported file.

    Raises:
        Unreadable: a line is no audit record; says which.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _parsed(line, number)


def _wrong(last: store.AuditRecord | None, record: store.AuditRecord, from_first: bool) -> str:
    """What keeps the record from following the last one; empty: nothing."""
    if last is None and from_first and record.number != 1:
        return "it is the oldest, and those before it are missing"
    if last is None:
        if record.number == 1 and record.previous != chain.GENESIS:
            return "it is the first, but names one before it"
    elif record.number != last.number + 1:
        return f"it follows record {last.number}: records between them are missing"
    elif record.previous != last.hash:
        return f"it does not name the hash of record {last.number}"
    if record.hash != chain.record_hash(record.number, record.previous, record.event):
        return "its contents are not those that were hashed"
    return ""


def _fields(record: store.AuditRecord) -> dict[str, object]:
    return {
        "number": record.number,
        "at": chain.moment(record.event.at),
        "actor": record.event.actor,
        "what": record.event.what,
        "target": record.event.target,
        "text": record.event.text,
        "data": record.event.data,
        "previous": record.previous,
        "hash": record.hash,
    }


def _parsed(line: str, number: int) -> store.AuditRecord:
    try:
        fields = json.loads(line)
        texts = {
            name: fields[name]
            for name in ("at", "actor", "what", "target", "text", "data", "previous", "hash")
        }
        if any(not isinstance(text, str) for text in texts.values()):
            raise TypeError("a field is not text")
        if type(fields["number"]) is not int:
            raise TypeError("the number is not a whole number")
        at = datetime.fromisoformat(texts["at"])
        if at.tzinfo is None:
            raise ValueError("the time has no zone")
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(f"This is no audit record: {error}", line=number) from error
    return store.AuditRecord(
        number=fields["number"],
        event=store.Event(
            at=at,
            actor=texts["actor"],
            what=texts["what"],
            target=texts["target"],
            text=texts["text"],
            data=texts["data"],
        ),
        previous=texts["previous"],
        hash=texts["hash"],
    )
