"""``headgate demo`` from its first line to its last: three acts on real Kafka, and nothing left."""

import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from tests.acceptance import programs

from headgate.lab import processes

WITHIN_S = 200.0
"""The acts take about a minute and a half on two idle cores."""


@pytest.mark.lab
@pytest.mark.timeout(300)
def test_three_acts_play_and_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    output = tmp_path / "said.txt"
    with output.open("wb") as out:
        demo = subprocess.Popen(
            [str(programs.HEADGATE), "demo", "--hands-free", "--port", "0", "--folder", folder],
            cwd=tmp_path,
            env=programs.environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        said = _until_over(demo, output)
        assert _members(folder), "the lab's processes were not found"
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0, output.read_text()
    finally:
        if demo.poll() is None:
            demo.terminate()
            demo.wait(60)
    print(said)
    # the first act: repaired alone, and seen to be
    first, second, third = (said.index(f"Act {number}:") for number in (1, 2, 3))
    assert "because" in said[first:second]
    assert "connect.transient" in said[first:second]
    assert "lane      auto" in said[first:second]
    assert "  verified" in said[first:second]
    # the second: a person decides, and then the record is set aside
    assert "record.poison" in said[second:third]
    assert "lane      approve" in said[second:third]
    assert "jonas approves exactly this preview" in said
    assert "Act 2 ends: succeeded" in said
    # the third: not an operation
    assert "lane      review" in said[third:]
    assert "keyed_partition_growth" in said[third:]
    for word in ("  stuck  ", "Traceback", "defect"):
        assert word not in said
    assert "stopped; nothing is left running" in output.read_text()
    assert _members(folder) == []
    assert not folder.exists()


def _until_over(demo: "subprocess.Popen[bytes]", output: Path) -> str:
    """What it said until the second act ended, which is the last thing that happens."""
    end = time.monotonic() + WITHIN_S
    while True:
        said = output.read_text(encoding="utf-8")
        if "Act 2 ends:" in said:
            return said
        assert demo.poll() is None, said
        assert time.monotonic() < end, said
        time.sleep(0.5)


def _members(folder: Path) -> list[str]:
    """The processes that carry the folder's mark in their environment."""
    found = processes.members(folder.resolve())
    return [" ".join(psutil.Process(each.pid).cmdline()) for each in found]
