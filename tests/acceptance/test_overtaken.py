"""A server that slept past its lease does not go on beside the one that took over."""

import signal
from pathlib import Path

from tests.acceptance import programs


def test_a_server_that_slept_ends_when_it_was_overtaken(tmp_path: Path) -> None:
    with programs.server(tmp_path) as first, programs.server(tmp_path) as second:
        first.configure()
        first.start()
        assert first.process
        first.process.send_signal(signal.SIGSTOP)
        # the same configuration and database; a number of its own for what it prints
        second.starts = 10
        programs.until(lambda: _started(second), bool, within_s=programs.READY_S)
        assert second.process
        first.process.send_signal(signal.SIGCONT)
        assert first.process.wait(15) == 3
        assert "Traceback" not in first.said
        assert f"process {second.process.pid} on " in first.said
        assert "has taken the database while this process slept" in first.said
        second.stop()


def _started(server: programs.Server) -> bool:
    """Whether it got the database; while the lease of the one that sleeps holds, it does not."""
    try:
        server.start()
    except AssertionError:
        assert "Another Headgate server holds this database" in server.said, server.said
        return False
    return True
