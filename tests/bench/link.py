"""A link with a delay: what one run costs on the clock over it, cold and warm. Part of `make bench`."""

import asyncio
import contextlib
import itertools
import statistics
import threading

import measure

PROCESSES, RUNS = 5, 4


class Link:
    """Forwards a port to another, each way so many milliseconds late, as a longer cable would."""

    def __init__(self, one_way_ms):
        self.delay = one_way_ms / 1e3
        self.loop = asyncio.new_event_loop()
        self.target = None
        # How often the client waited for an answer before it went on; a connection's first wait is for the connection.
        self.flights, self.answered = 0, True
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
        self.flights += 1
        await asyncio.sleep(2 * self.delay)
        there = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self._carry(reader, there[1], self._asked), self._carry(there[0], writer, self._answered))

    def _asked(self):
        self.flights += self.answered
        self.answered = False

    def _answered(self):
        self.answered = True

    async def _carry(self, reader, writer, note):
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
                note()
                under_way.put_nowait((self.loop.time() + self.delay, chunk))
        under_way.put_nowait((self.loop.time() + self.delay, b""))
        with contextlib.suppress(ConnectionError):
            await delivery


def table(binary, environment, link, rtt_ms):
    """Of the first invocation of a process and of those after it: milliseconds to the answer, the same in round trips of the
    link, and the round trips that were counted there.

    The first process does not count: it waits for the broker's Java, which has compiled nothing of TLS yet.
    """
    measure.invocations(binary, environment, RUNS)
    took, flights = [], []
    for _ in range(PROCESSES):
        counted = []
        took.append(measure.invocations(binary, environment, RUNS, lambda: counted.append(link.flights)))
        flights.append([after - before for before, after in itertools.pairwise(counted)])
    rows = (("cold", lambda of: of[:1]), ("warm", lambda of: of[1:]))
    for name, some in rows:
        ms = statistics.median(ms for of in took for ms in some(of))
        yield name, ms, ms / rtt_ms, statistics.median(trips for of in flights for trips in some(of))
