"""The process of simulated clusters: ``python -m benchmarks.simulated.brokers SHAPES``.

It prints the ports as one line, then takes one order a line until its input ends.
"""

import asyncio
import contextlib
import gc
import json
import struct
import sys
from typing import Any

from benchmarks.simulated import answers
from benchmarks.simulated.shape import Shape
from benchmarks.simulated.starting import Mood
from headgate.kafka.address import Address

_HEAD = struct.Struct(">hhih")
SLOW_S = 0.1
"""By how much a slow broker is late with each answer."""
_CUT_FROM = 200
"""Shorter answers are never cut: they are those by which a connection is made."""


class Broker:
    """One broker: a port, its connections, and how it behaves."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.mood: Mood = "up"
        self.port = 0
        self.says: answers.Answers
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def listen(self) -> None:
        """The port answers."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**24)
        self.port = self._server.sockets[0].getsockname()[1]

    async def behave(self, mood: Mood) -> None:
        """From now on it does so."""
        self.mood = mood
        if mood == "down" and self._server is not None:
            self._server.close()
            self._server = None
            for writer in tuple(self._open):
                writer.transport.abort()
        elif mood != "down" and self._server is None:
            await self.listen()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                frame = await reader.readexactly(size)
                if self.mood == "hangs":
                    continue
                body, flexible, correlation = self._answer(frame)
                if self.mood == "slow":
                    await asyncio.sleep(SLOW_S)
                head = struct.pack(">i", correlation) + (b"\0" if flexible else b"")
                if self.mood == "short" and len(body) > _CUT_FROM:
                    body = body[: len(body) // 2]
                writer.write(struct.pack(">i", len(head) + len(body)) + head)
                if self.mood == "cut" and len(body) > _CUT_FROM:
                    writer.write(body[: len(body) // 2])
                    await writer.drain()
                    return
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def _answer(self, frame: bytes) -> tuple[bytes, bool, int]:
        key, version, correlation, length = _HEAD.unpack_from(frame)
        request = answers.REQUESTS[key]
        flexible = request.flexible_version_q(version)
        at = _HEAD.size + max(length, 0) + (1 if flexible else 0)
        body = self.says.give(self.number, key, version, frame[at:])
        return body, flexible and key != answers.API_VERSIONS, correlation


class Cluster:
    """The brokers of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.brokers = {number: Broker(number) for number in range(1, shape.brokers + 1)}
        self._shape = shape

    async def listen(self) -> list[int]:
        """Every broker answers; their ports."""
        for broker in self.brokers.values():
            await broker.listen()
        addresses = {n: Address("127.0.0.1", b.port) for n, b in self.brokers.items()}
        says = answers.Answers(self._shape, addresses)
        for broker in self.brokers.values():
            broker.says = says
        return [broker.port for broker in self.brokers.values()]

    async def order(self, mood: Mood, numbers: list[int]) -> None:
        """Those brokers behave so, and the cluster lists only those that are up as alive."""
        for number in numbers:
            await self.brokers[number].behave(mood)
        says = next(iter(self.brokers.values())).says
        says.living({n for n, broker in self.brokers.items() if broker.mood != "down"})


async def _main(text: str) -> None:
    clusters = [Cluster(Shape(**shape)) for shape in json.loads(text)]
    print(json.dumps([await cluster.listen() for cluster in clusters]), flush=True)
    gc.disable()  # what is kept stays, and a collection would count as a broker's delay
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        order: dict[str, Any] = json.loads(line)
        await clusters[order["cluster"]].order(order["mood"], order["brokers"])
        print("done", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1]))
