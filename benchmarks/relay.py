"""An emulated long line before a server on loopback: `python -m benchmarks.relay HOST PORT`.

Every byte is 20 ms on its way, in each direction; a connection carries 80 Mbit/s towards the
client, all of them together 800. Prints its port.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

WAY_S = 0.020
EACH, ALL = 10_000_000, 100_000_000  # bytes a second
CHUNK = 64 * 1024
AHEAD = 64  # chunks on their way


class Lane:
    """Gives out instants at which bytes have passed at a rate."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._free = 0.0

    def passed(self, count: int) -> float:
        """Return when so many bytes that come now have passed."""
        self._free = max(self._free, time.monotonic()) + count / self._rate
        return self._free


async def carry(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, lanes: tuple[Lane, ...]
) -> None:
    """Pass bytes on, later."""
    way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(AHEAD)

    async def deliver() -> None:
        while True:
            due, data = await way.get()
            if (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left)
            if not data:
                break
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()

    delivery = asyncio.create_task(deliver())
    with contextlib.suppress(OSError):
        while data := await source.read(CHUNK):
            passed = max((lane.passed(len(data)) for lane in lanes), default=time.monotonic())
            await way.put((passed + WAY_S, data))
            if (ahead := passed - time.monotonic()) > WAY_S:  # what does not fit stays outside
                await asyncio.sleep(ahead - WAY_S)
    await way.put((time.monotonic() + WAY_S, b""))
    with contextlib.suppress(OSError):
        await delivery


async def main(host: str, port: int) -> None:
    """Serve until killed."""
    whole = Lane(ALL)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection(host, port)
            up = carry(reader, back, ())
            down = carry(there, writer, (Lane(EACH), whole))
            await asyncio.gather(up, down)
            back.close()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
