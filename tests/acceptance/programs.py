"""The installed program as a person starts it: processes of their own, watched from outside."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import tomli_w

from headgate.app import people
from headgate.ports import clock
from headgate.store import database

T = TypeVar("T")

HEADGATE = Path(sys.executable).with_name("headgate")
PASSWORD = "horse-battery-staple"
ROLES: Mapping[str, str] = {
    "vera": "viewer",
    "mira": "operator",
    "jonas": "approver",
    "ada": "admin",
}
READY_S = 90.0
"""A start takes about 2 s on an idle machine."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one command said."""

    code: int
    out: str
    err: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE_")}
    lab = {n: v for n, v in os.environ.items() if n == "HEADGATE_LAB_CACHE"}
    return {**kept, **lab, "NO_COLOR": "1", "COLUMNS": "200", **(extra or {})}


def run(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    within_s: float = 60.0,
) -> Answer:
    """The command has ended; nothing it says is a traceback."""
    done = subprocess.run(
        [str(HEADGATE), *arguments],
        cwd=cwd,
        env=environment(env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    for text in (done.stdout, done.stderr):
        assert "Traceback" not in text, text
    return Answer(code=done.returncode, out=done.stdout, err=done.stderr)


@dataclass(kw_only=True)
class Server:
    """One ``headgate serve`` in a folder that holds its configuration, database and output."""

    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    address: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    starts: int = 0

    @property
    def config(self) -> Path:
        return self.folder / "headgate.toml"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'headgate.db'}"

    @property
    def said(self) -> str:
        """Everything that the newest process printed."""
        return (self.folder / f"out-{self.starts}.txt").read_text(encoding="utf-8")

    def configure(self, **sections: Any) -> None:
        """The configuration is as given; a lease is short, so that tests need not wait for it."""
        content = {"engine": {"lease_s": 2}, **sections}
        self.config.write_text(tomli_w.dumps(content), encoding="utf-8")

    def hire(self, url: str = "") -> None:
        """One user of each role exists, each with a token; not by commands, for those take long."""
        store = database.open_store(url or self.url)
        try:
            desk = people.People(store, clock.SystemClock())
            for name, role in ROLES.items():
                desk.put_user(name, PASSWORD, [role], by="test")
                self.tokens[name] = desk.add_token(name, "test", (), by="test")[1]
        finally:
            store.close()

    def begin(self, env: Mapping[str, str] | None = None) -> None:
        """The process is started; whether it gets anywhere is not waited for."""
        self.starts += 1
        with (self.folder / f"out-{self.starts}.txt").open("wb") as output:
            self.process = subprocess.Popen(
                [str(HEADGATE), "serve", "--config", str(self.config), "--port", "0"],
                cwd=self.folder,
                env=environment({"HEADGATE_CONFIG": str(self.config), **(env or {})}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def start(self) -> None:
        """It answers that it is ready."""
        self.begin()
        until(self._ready, bool, within_s=READY_S)

    def kill(self) -> None:
        """It is dead at once, as by a crash of the machine."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM, within_s: float = 5.0) -> float:
        """Seconds that it took to end; it ended in order and said nothing of a defect."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(within_s)
        took = time.monotonic() - began
        assert code == 0, self.said
        assert "Traceback" not in self.said, self.said
        return took

    def client(self, name: str = "") -> httpx2.Client:
        """A program that asks, with the token of ``name`` where one is given."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return httpx2.Client(base_url=self.address, headers=headers, timeout=20)

    def ask(self, name: str, *arguments: str) -> Answer:
        """What a command says to ``name``, asked of this server."""
        return run(
            *arguments,
            cwd=self.folder,
            env={"HEADGATE_URL": self.address, "HEADGATE_TOKEN": self.tokens[name]},
        )

    def _ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.said
        for line in self.said.splitlines():
            if line.startswith("Headgate listens on "):
                self.address = line.removeprefix("Headgate listens on ").strip()
        if not self.address:
            return False
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.address}/readyz", timeout=1).is_success
        return False


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A server to be configured and started; whatever was started is gone afterwards."""
    made = Server(folder=folder)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.kill()


def until(look: Callable[[], T], good: Callable[[T], bool], *, within_s: float = 30.0) -> T:
    """What ``look`` gives, once it is good."""
    end = time.monotonic() + within_s
    while True:
        seen = look()
        if good(seen):
            return seen
        assert time.monotonic() < end, f"after {within_s:g} s still: {seen!r}"
        time.sleep(0.1)
