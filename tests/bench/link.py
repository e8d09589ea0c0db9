"""A link with a delay: what one run costs on the clock over it, cold and warm. Part of `make bench`."""

import asyncio
import contextlib
import statistics
import threading

import measure

RUNS = 4


class Link:
    """Forwards a port to another, each way so many milliseconds late, as a longer cable would."""

    def __init__(self, one_way_ms):
        self.delay = one_way_ms / 1e3
        self.loop = asyncio.new_event_loop()
        self.target = None
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.server = self._run(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def _accept(self, reader, writer):
        # A connection is there after one round trip.
        await asyncio.sleep(2 * self.delay)
        there = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self._carry(reader, there[1]), self._carry(there[0], writer))

    async def _carry(self, reader, writer):
        """Everything arrives late, and nothing waits for what was sent before it."""
        under_way = asyncio.Queue()

        async def deliver():
            while True:
                due, chunk = await under_way.get()
                await asyncio.sleep(due - self.loop.time())
                if not chunk:
                    break
                writer.write(chunk)
                await writer.drain()
            writer.close()

        delivery = self.loop.create_task(deliver())
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(1 << 16):
                under_way.put_nowait((self.loop.time() + self.delay, chunk))
        under_way.put_nowait((self.loop.time() + self.delay, b""))
        with contextlib.suppress(ConnectionError):
            await delivery


def table(binary, environment, link, rtt_ms):
    """Milliseconds from an invocation to its answer, the first of a process and those after it; and in round trips."""
    took = measure.invocations(binary, environment, RUNS)
    cold, warm = took[0], statistics.median(took[1:])
    return [(name, ms, ms / rtt_ms) for name, ms in (("cold", cold), ("warm", warm))]
