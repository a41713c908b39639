"""Policy files that cannot be used say which file, which line, and why."""

import dataclasses
from importlib import resources
from pathlib import Path

import pytest
from tests.unit.boundary import cases

from headgate.boundary import cedar, context, interface, policies
from headgate.domain import change, person, resource, vocabulary
from headgate.domain.unknown import Unknown

GOOD = """// a comment; with a semicolon
@id("all")
permit (principal, action, resource);
"""


def folder(tmp_path: Path, text: str, name: str = "own.cedar") -> Path:
    tmp_path.joinpath(name).write_text(text, encoding="utf-8")
    return tmp_path


OPEN = '@id("x") permit (principal, action, resource)'
NO = "forbid (principal, action, resource);"
BAD = [
    ("syntax", "permit (principal, action, resource)", 1, "not a Cedar policy"),
    ("a later policy", GOOD + '\n\n@id("x")\nforbod (principal);', 6, "forbod"),
    ("unknown attribute", f"\n{OPEN} when {{ context.speed > 3 }};", 2, "speed"),
    (
        "an optional fact without asking first",
        f"{OPEN} when {{ context.skipped == 0 }};",
        1,
        "optional attribute `skipped`",
    ),
    ("wrong type", f'{OPEN} when {{ context.recurrence == "3" }};', 1, "schema"),
    ("unknown lane", '@id("x") permit (principal, action == Action::"a", resource);', 1, "schema"),
    ("no id", "permit (principal, action, resource);", 1, "@id"),
    ("forbid without reason", f'@id("x") {NO}', 1, "@reason"),
    (
        "a reason outside the vocabulary",
        f'@id("x") @reason("because") @text("t") {NO}',
        1,
        "because",
    ),
    ("a text with no fact", f'@id("x") @reason("freeze") @text("{{mood}}") {NO}', 1, "{mood}"),
    ("a text with an open brace", f'@id("x") @reason("freeze") @text("{{o") {NO}', 1, "filled in"),
    ("an id twice", GOOD + '@id("all") permit (principal, action, resource);', 4, "own.cedar:2"),
    ("a template", '@id("x") permit (principal == ?principal, action, resource);', 1, "template"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "why"), [x[1:] for x in BAD], ids=[x[0] for x in BAD])
def test_what_is_wrong_is_told_with_file_line_and_reason(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    with pytest.raises(interface.PolicyError) as caught:
        policies.load(folder(tmp_path, text))
    assert caught.value.file == tmp_path / "own.cedar"
    assert caught.value.line == line
    assert why in caught.value.reason
    assert str(caught.value).startswith(f"{tmp_path / 'own.cedar'}:{line}: ")


def test_an_empty_folder_is_no_policy_at_all(tmp_path: Path) -> None:
    with pytest.raises(interface.PolicyError, match=r"no \*\.cedar file"):
        policies.load(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("own.cedar").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(interface.PolicyError, match="cannot be read"):
        policies.load(tmp_path)


def test_files_are_taken_in_order_of_name_and_give_a_version(tmp_path: Path) -> None:
    folder(tmp_path, GOOD, "b.cedar")
    before = policies.load(tmp_path)
    folder(tmp_path, GOOD.replace("all", "first"), "a.cedar")
    after = policies.load(tmp_path)
    assert list(after.items) == ["first", "all"]
    assert before.version != after.version
    assert policies.load(tmp_path).version == after.version


def test_statements_are_told_apart_despite_strings_and_comments() -> None:
    text = 'a "x;\\"//;" b; // c; d\n\n  // e;\n  f\ng;\n'
    assert list(policies.statements(text)) == [(1, 'a "x;\\"//;" b;'), (4, "f\ng;")]


def decide(boundary: cedar.CedarBoundary) -> change.Decision:
    return boundary.decide(
        action=vocabulary.actions()["connector.restart_failed_tasks"],
        target=resource.parse("connector:x"),
        cluster="orders",
        requester=person.HEADGATE,
        facts=cases.HARMLESS,
    )


def test_a_folder_replaces_what_ships(tmp_path: Path) -> None:
    none_allowed = cedar.CedarBoundary(
        folder(tmp_path, '@id("x") permit (principal, action == Action::"review", resource);')
    )
    assert decide(none_allowed).lane == "review"


def test_where_nothing_is_permitted_everything_is_refused(tmp_path: Path) -> None:
    closed = cedar.CedarBoundary(
        folder(tmp_path, '@id("x") permit (principal, action == Action::"observe", resource);')
    )
    assert decide(closed).lane == "refuse"


def test_a_forbid_that_errors_refuses_instead_of_being_skipped(tmp_path: Path) -> None:
    # 2^62 + 2^62 overflows at run time: the validator cannot see it, and Cedar skips the forbid
    overflows = cedar.CedarBoundary(
        folder(
            tmp_path,
            GOOD
            + '@id("x") @reason("freeze") @text("t") forbid (principal, action == Action::"auto", '
            "resource) when { context.recurrence + 9223372036854775807 > 0 && "
            "context.recurrence + 1 + 9223372036854775807 > 0 };",
        )
    )
    decision = decide(overflows)
    assert decision.lane == "refuse"
    assert decision.reasons[0].code == "policy_error"
    assert "overflow" in decision.reasons[0].text


def test_the_refused_list_holds_whatever_the_folder_says(tmp_path: Path) -> None:
    lax = cedar.CedarBoundary(folder(tmp_path, GOOD))
    decision = lax.decide(
        action=vocabulary.actions()["topic.alter_config"],
        target=resource.parse("topic:x"),
        cluster="orders",
        requester=person.HEADGATE,
        facts=dataclasses.replace(cases.HARMLESS, refused=("refused.unclean_election",)),
    )
    assert decision.lane == "refuse"
    assert decision.reasons[0].code == "refused_list"


def test_the_schema_knows_every_fact() -> None:
    asked = context.build(cases.HARMLESS, "topic.create")
    schema = resources.files("headgate.boundary").joinpath(policies.SCHEMA).read_text()
    for name in (*asked, *context.FIELDS):
        assert f"  {name}: " in schema or f"  {name}?: " in schema or name == "evidence_at", name


def test_the_example_of_the_guide_can_be_used(tmp_path: Path) -> None:
    guide = Path(__file__).parents[3].joinpath("docs", "how-to", "write-a-policy.md")
    example = guide.read_text(encoding="utf-8").split("```cedar\n")[1].split("```")[0]
    boundary = cedar.CedarBoundary(folder(tmp_path, GOOD + example))

    def lane(owners: tuple[str, ...] | Unknown) -> str:
        return boundary.decide(
            action=vocabulary.actions()["connector.restart_failed_tasks"],
            target=resource.parse("connector:x"),
            cluster="orders",
            requester=person.HEADGATE,
            facts=dataclasses.replace(cases.HARMLESS, owners=owners),
        ).lane

    assert lane(("shop",)) == "auto"
    assert lane(("shop", "payments team")) == "approve"
    assert lane(Unknown("not read")) == "approve"
