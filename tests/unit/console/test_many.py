"""The page of an incident with hundreds of consequences: it is quick, and not endless."""

import dataclasses
import time
from pathlib import Path

from tests.unit.console import stand as stand_

from headgate.console import samples
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
