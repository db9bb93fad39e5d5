"""The Python client as a peer: answers the lines that ClusterPeer.java describes. Needs `pip install dqlite-client`."""

import asyncio
import importlib.metadata
import random
import sys
import time

import dqliteclient
from dqliteclient import ClusterClient, OperationalError

POINTS = 10_000
ROWS = 100_000
OF_A_TRANSACTION = 1_000
AFTER_ERROR = 0.01
BUSY_PATIENCE = 30.0
INSERT = "INSERT INTO sink (name, price) VALUES (?, ?)"


class Tally:
    """What callers saw who ask again as soon as they are answered, until the time has passed."""

    def __init__(self, millis):
        self.begin = self.last_success = time.perf_counter_ns()
        self.end = self.begin + millis * 1_000_000
        self.latencies = []
        self.failures = 0
        self.longest_failure = 0
        self.gap = 0
        self.first = 0

    async def caller(self, operation):
        while True:
            started = time.perf_counter_ns()
            try:
                await operation()
                now = time.perf_counter_ns()
                self.latencies.append(now - started)
                self.gap = max(self.gap, now - self.last_success)
                self.last_success = now
            except Exception:
                self.failures += 1
                self.longest_failure = max(self.longest_failure, time.perf_counter_ns() - started)
                await asyncio.sleep(AFTER_ERROR)
            if time.perf_counter_ns() >= self.end:
                return

    async def of(self, callers, operation):
        await asyncio.gather(*(self.caller(operation) for _ in range(callers)))
        return self

    def line(self):
        ordered = sorted(self.latencies)
        at = lambda share: ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0
        return (
            f"ops={len(ordered)} nanos={max(1, self.last_success - self.begin)} p50={at(0.5)} p99={at(0.99)}"
            f" failures={self.failures} longest-failure={self.longest_failure} gap={self.gap} first={self.first}"
        )


async def retrying(insert):
    """Waits for other writers, as every user of this client has to."""
    deadline = time.monotonic() + BUSY_PATIENCE
    while True:
        try:
            return await insert()
        except OperationalError as error:
            if (error.code or 0) & 0xFF != 5 or time.monotonic() > deadline:
                raise
            await asyncio.sleep(random.uniform(0.001, 0.02))


class Peer:
    def __init__(self, addresses, database):
        self.addresses = addresses
        self.database = database

    async def start(self):
        self.connection = await ClusterClient.from_addresses(self.addresses).connect(self.database)
        self.pool = await dqliteclient.create_pool(
            self.addresses, database=self.database, min_size=10, max_size=10
        )

    async def setup(self):
        columns = "(id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL NOT NULL)"
        for table, rows in (("item", POINTS), ("big", ROWS), ("sink", 0)):
            await self.connection.execute(f"CREATE TABLE {table} {columns}")
            if rows:
                await self.connection.execute(
                    f"INSERT INTO {table} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                    f" WHERE i < {rows}) SELECT i, 'name of ' || i, i * 1.25 FROM n"
                )
        return "ops=1"

    async def run(self, operation, callers, millis):
        tally = Tally(int(millis))
        operations = {
            "open": self.open,
            "select": lambda: self.connection.fetchval("SELECT 1"),
            "point": lambda: self.point(self.connection),
            "point-pool": self.point_pool,
            "insert": lambda: retrying(lambda: self.insert(self.connection)),
            "insert-pool": lambda: self.insert_pool(self.pool),
            "insert-plain": self.insert_plain,
            "transaction": self.transaction,
            "scan": lambda: self.scan(tally),
        }
        return (await tally.of(int(callers), operations[operation])).line()

    async def open(self):
        fresh = await ClusterClient.from_addresses(self.addresses).connect(self.database)
        await fresh.close()

    async def point(self, connection):
        row = await connection.fetchone(
            "SELECT name, price FROM item WHERE id = ?", [random.randint(1, POINTS)]
        )
        if row is None:
            raise RuntimeError("no row")

    async def point_pool(self):
        async with self.pool.acquire() as connection:
            await self.point(connection)

    async def insert(self, connection):
        await connection.execute(INSERT, ["a name", 1.25])

    async def insert_pool(self, pool):
        async with pool.acquire() as connection:
            await retrying(lambda: self.insert(connection))

    async def insert_plain(self):
        async with self.pool.acquire() as connection:
            await self.insert(connection)

    async def transaction(self):
        async with self.connection.transaction():
            for _ in range(OF_A_TRANSACTION):
                await self.insert(self.connection)

    async def scan(self, tally):
        started = time.perf_counter_ns()
        rows = await self.connection.fetchall("SELECT id, name, price FROM big")
        tally.first = time.perf_counter_ns() - started
        if len(rows) != ROWS:
            raise RuntimeError(f"{len(rows)} rows instead of {ROWS}")

    async def outage(self, callers, millis, timeout):
        pool = await dqliteclient.create_pool(
            self.addresses,
            database=self.database,
            min_size=1,
            max_size=int(callers),
            timeout=int(timeout) / 1000,
        )
        try:
            tally = Tally(int(millis))
            return (await tally.of(int(callers), lambda: self.insert_pool(pool))).line()
        finally:
            await pool.close()


async def main():
    peer = Peer(sys.argv[1].split(","), sys.argv[2])
    await peer.start()
    print("ready dqlite-client", importlib.metadata.version("dqlite-client"), "on Python", sys.version.split()[0], flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command, *words = line.split()
        try:
            print(await getattr(peer, command)(*words), flush=True)
        except Exception as error:
            print("failed", " ".join(repr(error).split()), flush=True)


asyncio.run(main())
