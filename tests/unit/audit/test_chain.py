"""Every change to the chain shows, wherever it is made; a chain that is whole is said to be."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from headgate.audit import verify
from headgate.ports import chain, store

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

texts = st.text(max_size=20)
events = st.builds(
    store.Event,
    at=st.datetimes(timezones=st.just(UTC)),
    actor=texts,
    what=texts,
    target=texts,
    text=texts,
    data=st.one_of(
        st.just(""),
        texts,
        st.dictionaries(texts, st.one_of(texts, st.integers(), st.none()), max_size=3).map(
            json.dumps
        ),
    ),
)


def chain_of(found: list[store.Event]) -> list[store.AuditRecord]:
    linked: list[store.AuditRecord] = []
    for event in found:
        previous = linked[-1].hash if linked else chain.GENESIS
        linked.append(chain.link(len(linked) + 1, previous, event))
    return linked


def event(text: str = "said") -> store.Event:
    return store.Event(at=NOW, actor="user:mira", what="login", target="mira", text=text)


def _with(one: store.Event, field: str, text: str) -> store.Event:
    changed: dict[str, Any] = {field: text}
    return replace(one, **changed)


WHOLE = chain_of([event(f"line {number}") for number in range(6)])


@hypothesis.given(st.lists(events, max_size=6))
def test_what_was_linked_is_whole(found: list[store.Event]) -> None:
    linked = chain_of(found)
    verdict = verify.records(linked)
    assert verdict.intact, verdict.text
    assert verdict.records == len(found)
    assert verdict.head == (linked[-1].hash if linked else chain.GENESIS)


@hypothesis.given(st.lists(events, min_size=1, max_size=4))
def test_an_exported_chain_reads_as_it_was(found: list[store.Event]) -> None:
    linked = chain_of(found)
    file = io.StringIO()
    assert verify.export(linked, file) == len(linked)
    assert list(verify.exported(io.StringIO(file.getvalue()))) == linked
    assert verify.records(verify.exported(io.StringIO(file.getvalue()))).intact


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ("NaN", '"NaN"'),
        ("-Infinity", '"-Infinity"'),
        ("1e999", '"1e999"'),
        ('{"password": "x", "share": -1E999}', '{"password":"[redacted]","share":"-1E999"}'),
        ('{"share": 0.5}', '{"share":0.5}'),
    ],
)
def test_a_number_that_no_json_knows_is_kept_as_its_text(data: str, kept: str) -> None:
    (record,) = linked = chain_of([replace(event(), data=data)])
    assert record.event.data == kept
    assert verify.records(linked).intact


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("field", ["actor", "what", "target", "text", "data"])
def test_a_changed_word_shows(place: int, field: str) -> None:
    changed = list(WHOLE)
    altered = _with(changed[place].event, field, "something else")
    changed[place] = replace(changed[place], event=altered)
    verdict = verify.records(changed)
    assert not verdict.intact
    assert verdict.first_bad == place + 1
    assert "not those that were hashed" in verdict.text


def test_a_changed_time_shows() -> None:
    changed = list(WHOLE)
    altered = replace(changed[2].event, at=NOW + timedelta(microseconds=1))
    changed[2] = replace(changed[2], event=altered)
    assert verify.records(changed).first_bad == 3


def test_the_zone_of_a_time_does_not_matter() -> None:
    zone = timezone(timedelta(hours=2))
    moved = replace(WHOLE[0], event=replace(WHOLE[0].event, at=NOW.astimezone(zone)))
    assert verify.records([moved]).intact


def test_a_changed_record_that_was_hashed_anew_shows_in_the_next() -> None:
    changed = list(WHOLE)
    changed[2] = chain.link(3, changed[1].hash, event("forged"))
    verdict = verify.records(changed)
    assert verdict.first_bad == 4
    assert verdict.text == "Record 4 does not fit: it does not name the hash of record 3"


@pytest.mark.parametrize("place", range(1, 5))
def test_a_missing_record_shows(place: int) -> None:
    verdict = verify.records(WHOLE[:place] + WHOLE[place + 1 :])
    assert verdict.first_bad == place + 2
    assert "records between them are missing" in verdict.text


def test_a_missing_beginning_shows_unless_a_part_was_exported() -> None:
    verdict = verify.records(WHOLE[2:])
    assert not verdict.intact
    assert verdict.first_bad == 3
    assert verify.records(WHOLE[2:], from_first=False).intact


def test_records_in_another_order_or_twice_show() -> None:
    assert verify.records([WHOLE[0], WHOLE[2], WHOLE[1]]).first_bad == 3
    assert verify.records([WHOLE[0], WHOLE[0]]).first_bad == 1


def test_a_first_record_that_names_one_before_it_shows() -> None:
    forged = chain.link(1, "f" * 64, event())
    assert "names one before it" in verify.records([forged]).text


def test_an_end_that_was_cut_off_shows_with_a_kept_head() -> None:
    head = WHOLE[-1].hash
    assert verify.records(WHOLE, head=head).intact
    assert verify.records(WHOLE, head=WHOLE[3].hash).intact
    verdict = verify.records(WHOLE[:-1], head=head)
    assert not verdict.intact
    assert verdict.first_bad == 6
    assert "cut off" in verdict.text


def test_the_empty_audit_is_whole_and_says_that_it_is_empty() -> None:
    verdict = verify.records([])
    assert (verdict.intact, verdict.records, verdict.head) == (True, 0, chain.GENESIS)
    assert verdict.text == "The audit holds no record yet"


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[]",
        "{}",
        '{"number": 1}',
        json.dumps({**json.loads(json.dumps(verify._fields(WHOLE[0]))), "number": "1"}),
        json.dumps({**verify._fields(WHOLE[0]), "at": "yesterday"}),
        json.dumps({**verify._fields(WHOLE[0]), "at": "2026-03-01T12:00:00"}),
        json.dumps({**verify._fields(WHOLE[0]), "text": None}),
    ],
)
def test_a_line_that_is_no_record_is_named(line: str) -> None:
    good = chain.canonical_json(verify._fields(WHOLE[0]))
    with pytest.raises(verify.Unreadable, match=r"no audit record: .*\(line 3\)"):
        list(verify.exported([good, "\n", line]))


# the guard


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "sasl.password",
        "connection.password",
        "SASL_JAAS_CONFIG",
        "sasl.jaas.config",
        "client_secret",
        "aws.secret.access.key",
        "token",
        "api_token",
        "bearer-token",
        "ssl.key.passphrase",
        "private.key",
        "apiKey",
        "Authorization",
        "cookie",
        "credentials",
    ],
)
def test_values_under_keys_of_secrets_never_get_in(key: str) -> None:
    data = json.dumps({"deep": [{key: "hunter2"}], key: {"a": "hunter2"}, "fine": 1})
    record = chain.link(1, chain.GENESIS, replace(event(), data=data))
    assert "hunter2" not in record.event.data
    assert '"fine":1' in record.event.data


@pytest.mark.parametrize("key", ["key", "tokens.max", "partition", "digest", "keyed", "user"])
def test_other_keys_stay(key: str) -> None:
    record = chain.link(1, chain.GENESIS, replace(event(), data=json.dumps({key: "kept"})))
    assert json.loads(record.event.data) == {key: "kept"}


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        'the config has "sasl.password": "hunter2", and more',
        "secret = 'hunter2'",
        "Authorization: Bearer hunter2hunter2",
        "jdbc:postgresql://joe:hunter2@db:5432/x",
        "token: hunter2;",
    ],
)
def test_what_reads_like_a_secret_never_gets_in(text: str) -> None:
    for field in ("text", "data", "target", "actor"):
        record = chain.link(1, chain.GENESIS, _with(event(), field, text))
        assert "hunter2" not in json.dumps(verify._fields(record))


def test_an_ordinary_sentence_stays_as_it_is() -> None:
    text = "Approved by omar: token:mira/ci asked; password was changed; http://db:5432/x"
    record = chain.link(1, chain.GENESIS, event(text))
    assert record.event.text == text


PARTS = (
    *("PassWord", "=x", ": 'y'", "token", "Bearer ", "abcdefgh1", "://u:p@h", "api_key", " "),
    *("\x00", "\ud800", "\u017fecret", "orders-7", '"', "{", "access.key", "basic"),
)
worded = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)


@hypothesis.given(worded, st.dictionaries(worded, worded, max_size=2), st.booleans())
def test_what_need_not_be_redacted_is_what_redaction_leaves_alone(
    text: str, values: dict[str, str], as_json: bool
) -> None:
    data = json.dumps(values) if as_json else "".join(values)
    event = store.Event(at=NOW, actor="a", what="w", target=text, text=text, data=data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chain, "_suspect", lambda _: True)
        thorough = chain.redacted(event)
    assert chain.redacted(event) == thorough
