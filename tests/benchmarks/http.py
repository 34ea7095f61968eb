"""The server under load: one photograph over HTTP, a large one, 32 clients at once, and ten thousand in a row.

Every photograph differs in a few bytes behind its end, so that each is a new one to the store. The clients run in a
process of their own and take from the same cores as the server, as the figure they are compared with does not: on
a machine of two cores that alone costs some percent.
"""

from __future__ import annotations

import io
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

import psutil
from PIL import Image

from model.engine import Engine
from model.images import decode, square
from tests.benchmarks.measure import Measure
from tests.benchmarks.serving import resident, serving
from tests.benchmarks.subjects import ROOT, bundle, photograph
from training.drawings.synthetic import draw_lesion

CLIENTS, WARM, SINGLE, BURST, ROUNDS = 32, 20, 60, 320, 3
LARGE = (4000, 3000)
ENDURANCE, FIRST = 10_000, 1_000
FRAME = b"dermaboard-benchmark"


@dataclass
class Answers:
    """What clients saw: seconds of each answer, answers that were no 201, and seconds in all."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    total: float = 0.0


def http() -> list[Measure]:
    """Times of single requests and of many at once, in turns with the engine's own."""
    with serving() as (process, address):
        ask(address, 1, WARM)
        alone()
        both, spent, alone_spent = [], 0.0, 0.0
        for _ in range(ROUNDS):
            began = time.process_time()
            mine = engine_alone(photograph(), SINGLE // ROUNDS)
            alone_spent += time.process_time() - began
            began = processor_time(process)
            both.append((mine, ask(address, 1, SINGLE // ROUNDS)))
            spent += processor_time(process) - began
        graph = statistics.median(second for mine, _ in both for second in mine)
        single = statistics.median(second for _, theirs in both for second in theirs.seconds)
        large = statistics.median(ask(address, 1, 10, large=True).seconds)
        many = throughput(address, single)
    with serving(workers=2) as (_, address):
        ask(address, 2, WARM)
        several = throughput(address, single, " of two processes", 0.75)
    return [
        Measure(
            "HTTP prediction, 600x450 JPEG, stored: against engine and decode",
            single / graph,
            "x",
            f"engine and decode {graph * 1000:.1f} ms, over HTTP {single * 1000:.1f} ms",
            2,
        ),
        Measure(
            "HTTP prediction: processor time besides engine and decode",
            (spent - alone_spent) * 1000 / SINGLE,
            "ms",
            f"engine and decode {alone_spent * 1000 / SINGLE:.1f} ms, in all {spent * 1000 / SINGLE:.1f} ms",
            6,
        ),
        Measure(
            "HTTP prediction, 12 megapixels: more than 600x450",
            (large - single) * 1000,
            "ms",
            f"{large * 1000:.0f} ms and {single * 1000:.1f} ms",
            80,
        ),
        *many,
        *several,
    ]


def throughput(address: str, single: float, what: str = "", bar: float = 0.55) -> list[Measure]:
    """What CLIENTS get at once, in turns with the engine alone; `single` is the time of one request."""
    ask(address, CLIENTS, CLIENTS)
    rates, bursts = [], []
    for _ in range(ROUNDS):
        rates.append(cores_alone(photograph(), BURST // 2))
        bursts.append(ask(address, CLIENTS, BURST))
    rate = max(len(burst.seconds) / burst.total for burst in bursts)
    slowest = statistics.quantiles([one for burst in bursts for one in burst.seconds], n=20)[-1]
    errors = sum(burst.errors for burst in bursts)
    return [
        Measure(
            f"{CLIENTS} clients{what}: throughput against the engine on all cores",
            rate / max(rates),
            "x",
            f"engine and decode {max(rates):.1f}/s, over HTTP {rate:.1f}/s",
            bar,
            "higher",
        ),
        Measure(
            f"{CLIENTS} clients{what}: 95th percentile in single requests",
            slowest / single,
            "x",
            f"{slowest * 1000:.0f} ms, single {single * 1000:.1f} ms",
            CLIENTS,
        ),
        Measure(f"{CLIENTS} clients{what}: errors", errors, "", f"{ROUNDS * BURST} requests", 0),
    ]


def processor_time(process: psutil.Process) -> float:
    """Seconds that a process has used."""
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def endurance() -> list[Measure]:
    """Memory of the server between the first thousand predictions and the ten thousandth."""
    with serving() as (process, address):
        first = ask(address, 4, FIRST)
        before = resident(process)
        rest = ask(address, 4, ENDURANCE - FIRST)
        after = resident(process)
    against = f"{before / 1e6:.0f} MB after {FIRST:,}, {after / 1e6:.0f} MB after {ENDURANCE:,}"
    errors = first.errors + rest.errors
    return [
        Measure("memory growth over ten thousand predictions", 100 * (after / before - 1), "%", against, 5),
        Measure("errors in ten thousand predictions", errors, "", f"{ENDURANCE:,} requests", 0),
    ]


def engine_alone(data: bytes, count: int) -> list[float]:
    """Seconds of decode, square and graph for one photograph at a time, every core for the graph."""
    engine = alone()
    times = []
    for _ in range(count):
        began = time.perf_counter()
        engine.run(square(decode(data).pixels, engine.size)[None])
        times.append(time.perf_counter() - began)
    return times


@cache
def alone() -> Engine:
    """An engine that has run."""
    engine = Engine(bundle())
    for _ in range(3):
        engine.run(square(decode(photograph()).pixels, engine.size)[None])
    return engine


def cores_alone(data: bytes, count: int) -> float:
    """Photographs a second of decode, square and graph on all cores: the better of two ways to use them."""
    cores = os.cpu_count() or 1
    rates = []
    for threads, workers in ((1, cores), (cores, cores)):
        engine = Engine(bundle(), threads)

        def one(_: int, engine: Engine = engine) -> None:
            engine.run(square(decode(data).pixels, engine.size)[None])

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, range(2 * workers)))
            began = time.perf_counter()
            list(pool.map(one, range(count)))
            rates.append(count / (time.perf_counter() - began))
    return max(rates)


def ask(address: str, clients: int, count: int, large: bool = False) -> Answers:
    """Have that many clients post `count` photographs in all, from a process of their own."""
    place = urlsplit(address)
    command = [sys.executable, "-m", "tests.benchmarks.http", str(place.port), str(clients), str(count)]
    done = subprocess.run(
        [*command, "large" if large else "small"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return Answers(**json.loads(done.stdout.splitlines()[-1]))


@dataclass
class Client:
    """One connection that sends the next photograph as soon as it has the answer to the last."""

    connection: socket.socket
    began: float = 0.0
    rest: memoryview = field(default_factory=lambda: memoryview(b""))
    found: bytes = b""


def clients(port: int, count: int, total: int, data: bytes) -> Answers:
    """Post `total` photographs over `count` connections, from one thread: clients must not cost what is measured."""
    selector, answers = selectors.DefaultSelector(), Answers()
    sent = 0

    def send(client: Client) -> None:
        nonlocal sent
        client.rest, client.found = memoryview(request(data, sent)), b""
        sent += 1
        client.began = time.perf_counter()
        selector.modify(client.connection, selectors.EVENT_WRITE, client)

    began = time.perf_counter()
    for _ in range(min(count, total)):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        client = Client(connection)
        selector.register(connection, selectors.EVENT_WRITE, client)
        send(client)
    while len(answers.seconds) + answers.errors < total:
        for key, _ in selector.select():
            client = key.data
            if client.rest:
                client.rest = client.rest[client.connection.send(client.rest) :]
                if not client.rest:
                    selector.modify(client.connection, selectors.EVENT_READ, client)
                continue
            client.found += client.connection.recv(65536)
            if not complete(client.found):
                continue
            if client.found.startswith(b"HTTP/1.1 201"):
                answers.seconds.append(time.perf_counter() - client.began)
            else:
                answers.errors += 1
            if sent < total:
                send(client)
            else:
                selector.unregister(client.connection)
    answers.total = time.perf_counter() - began
    return answers


def request(data: bytes, number: int) -> bytes:
    """A multipart request whose photograph is like no other."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}-{number}".encode()
    body = b"".join(
        (
            b"--" + FRAME + b'\r\nContent-Disposition: form-data; name="file"; filename="drawn.jpg"\r\n',
            b"Content-Type: image/jpeg\r\n\r\n" + data + mark + b"\r\n--" + FRAME + b"--\r\n",
        )
    )
    head = (
        "POST /api/v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: multipart/form-data; boundary={FRAME.decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def complete(found: bytes) -> bool:
    """Whether an answer has come to its end."""
    head, end, body = found.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    return bool(end) and len(body) >= int(length or 0)


def large_photograph() -> bytes:
    """A JPEG of 12 megapixels, as telephones make them."""
    buffer = io.BytesIO()
    Image.fromarray(draw_lesion(13, True)).resize(LARGE, Image.Resampling.BICUBIC).save(
        buffer, "JPEG", quality=90
    )
    return buffer.getvalue()


def main(port: str, count: str, total: str, size: str) -> None:
    """The clients' process: print what they saw."""
    data = large_photograph() if size == "large" else photograph()
    print(json.dumps(vars(clients(int(port), int(count), int(total), data))))


if __name__ == "__main__":
    main(*sys.argv[1:])
