"""The page of an incident with hundreds of consequences: it is quick, and not endless."""

import dataclasses
import time
from pathlib import Path

import pytest
from tests.unit.console import stand as stand_

from headgate.console import samples
from headgate.console.pages import incidents
from headgate.diagnose import correlate
from headgate.domain import incident, resource


def crowded() -> incident.Incident:
    """An incident that keeps as many findings as one can, and counts twice as many."""
    item = samples.incident_in("open")
    one = item.draft.findings[0]
    findings = tuple(
        dataclasses.replace(one, resource=resource.Resource("group", f"group-{number:03}"))
        for number in range(correlate.MOST)
    )
    draft = dataclasses.replace(item.draft, findings=findings, more=500)
    return dataclasses.replace(item, cluster=stand_.CLUSTER, draft=draft)


def test_the_page_of_five_hundred_groups_is_quick(tmp_path: Path) -> None:
    made = stand_.build(tmp_path)
    item = crowded()
    made.keep(item)
    browser = made.browser("mira")
    browser.get(f"/incidents/{item.id}")  # templates are compiled
    begun = time.process_time()
    page = browser.get(f"/incidents/{item.id}")
    took_s = time.process_time() - begun
    assert page.status_code == 200
    assert took_s < 1, f"it took {took_s:.2f} s"
    assert len(page.text) < 2_000_000


def test_many_alike_are_three_with_their_evidence_and_lines(tmp_path: Path) -> None:
    made = stand_.build(tmp_path)
    item = crowded()
    made.keep(item)
    page = made.browser("mira").get(f"/incidents/{item.id}").text
    assert page.count('id="finding-') == incidents.FEW
    assert f"{correlate.MOST - incidents.FEW} more alike" in page
    assert f"{correlate.MOST - incidents.FEW - incidents.LISTED} more; <a href=" in page
    assert "500 more of the same root are counted and not kept" in page
    assert f'<span class="hg-badge">{correlate.MOST + 500}</span>' in page


@pytest.mark.parametrize(
    ("codes", "shown"),
    [("aaa", [3]), ("aaaa", [4]), ("aaaaa", [3]), ("abab", [2, 2]), ("", [])],
)
def test_a_few_alike_are_all_shown(codes: str, shown: list[int]) -> None:
    one = samples.incident_in("open").draft.findings[0]
    findings = [dataclasses.replace(one, code=code) for code in codes]
    heaps = incidents.alike(findings)
    assert [len(few) for _, few, _ in heaps] == shown
    assert sum(len(few) + len(more) for _, few, more in heaps) == len(codes)
