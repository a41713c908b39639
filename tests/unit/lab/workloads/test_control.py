"""The folder of the workloads, read while somebody else changes it."""

from pathlib import Path

from headgate.lab.workloads import control, interface


def test_a_workload_that_is_removed_while_they_are_listed_is_left_out(tmp_path: Path) -> None:
    control.write(
        tmp_path, interface.Producer(name="shop", topic="orders", rate_per_s=1, record="order")
    )
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    assert list(control.stamps(tmp_path)) == ["shop"]
    assert list(control.read_all(tmp_path)) == ["shop"]
