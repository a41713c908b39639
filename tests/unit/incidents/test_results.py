"""The suite's totals, its JSON and its page."""

import dataclasses
import json

from incidents import page, results


def row(
    name: str = "slow-handlers",
    *,
    found_s: float | None = 5.0,
    cause_s: float | None = 9.0,
    kind: str = "single",
    wrong: tuple[str, ...] = (),
    failure: str = "",
    sweeps: int | None = 2,
) -> results.Row:
    root = results.RootRow(
        findings=("lag.growing",),
        causes=("consumer.slow",),
        found_s=found_s,
        cause_s=cause_s,
        sweeps=sweeps if cause_s is not None else None,
        second=cause_s is not None,
        got="" if cause_s is not None else "group:x: <b>lag.growing</b>",
        naive=False,
    )
    return results.Row(
        scenario=name,
        variant=0,
        kind=kind,
        how="real",
        breaks="It is slow.",
        failure=failure,
        roots=() if kind == "healthy" or failure else (root,),
        wrong=wrong,
        opened=1,
        paging=0 if kind == "healthy" else 1,
        pages=("ConsumerGroupLag group:x",) * 6,
    )


def met(rows: list[results.Row], background: tuple[str, ...] = ()) -> dict[str, bool | None]:
    return {one.what: one.met for one in results.measures(rows, background)}


def test_all_goals_are_met_where_all_is_right() -> None:
    goals = met([row(), row("quiet", kind="healthy")])
    assert False not in goals.values()
    assert goals["Injected incidents detected"] is True


def test_each_miss_misses_its_goal() -> None:
    assert met([row(found_s=None, cause_s=None)])["Injected incidents detected"] is False
    assert met([row(cause_s=None)])["First cause right"] is False
    assert met([row(cause_s=None)])["Scenarios that never work"] is False
    assert met([row("quiet", kind="healthy", wrong=("x",))])["Findings on the 1 healthy cases"] is (
        False
    )
    assert met([row()], ("broker:1: jvm.pressure",))["Findings about what nobody broke"] is False
    assert met([row(failure="not confirmed")])["Runs that do not count"] is False
    late = met([row(sweeps=9)])
    assert late["Cause named within 3 sweeps of the visible symptom"] is False


def test_pages_are_compared_also_where_the_rules_see_something() -> None:
    unseen = dataclasses.replace(row("poison"), pages=())
    told = {one.what: one.value for one in results.measures([row(), unseen])}
    assert told["Pages against the baseline rules"] == "2 against 6: 67% fewer"
    assert told["The same, without the runs in which the rules see nothing"] == (
        "1 against 6: 83% fewer"
    )


def test_a_scenario_works_if_one_variant_does() -> None:
    assert met([row(cause_s=None), row()])["Scenarios that never work"] is True


def test_the_document_is_json_and_the_page_needs_nothing_else() -> None:
    rows = [row(), row("poison", cause_s=None), row("x", failure="not confirmed: <i>no</i>")]
    told = json.loads(
        json.dumps(results.document(rows, seed=7, took_s=61, background=["broker:1: odd"]))
    )
    assert told["schema"] == "headgate.incidents/1"
    assert [run["passed"] for run in told["runs"]] == [True, False, False]
    text = page.render(told)
    assert "<svg" in text
    assert text.count('class="right"') == 1
    assert text.count('class="never"') == 1
    assert "&lt;b&gt;" in text
    assert "<i>no" not in text
    assert "http" not in text.partition("</style>")[2]
    assert "prefers-color-scheme: dark" in text
