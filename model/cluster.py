"""Scoring an archive on a Dask cluster: a scheduler that runs, or processes of this computer. See `model.archive`."""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model.archive import (
    PAUSES,
    ArchivePlan,
    PartDone,
    PartTask,
    is_address,
    parts_left,
    prepare_plan,
    score_part,
    write_single_table,
)
from model.bundle import named_bundle
from model.console import fail
from model.scoring import BATCH, score_columns

# Seconds that a scheduler has to answer.
PATIENCE = 10
# Parts that wait for a worker beside those that are worked on: none is idle, and no scheduler holds millions.
AHEAD = 2
MISSING = "Install what a cluster needs first: pip install --require-hashes -r requirements/cluster.txt."


def score_archive(options: argparse.Namespace) -> int:
    """Score places on a cluster; the exit status is that of `score`, 1 also where a part could not be scored."""
    try:
        import distributed
    except ImportError:
        return fail(MISSING)
    if options.heatmaps is not None:
        return fail("--heatmaps is for a run without a cluster.")
    if options.part_size < BATCH or options.part_size % BATCH:
        return fail(
            f"--part-size has to be a multiple of {BATCH}: the numbers are those of a run without parts."
        )
    out, single = options.out.rstrip("/"), options.out.endswith(".csv")
    parts = f"{out}.parts" if single else out
    bundle = named_bundle(options.bundles, options.model)
    point = bundle.card.point(options.operating_point)
    wanted = ArchivePlan(bundle.name, bundle.card.sha256, point.name, options.part_size)
    plan = prepare_plan(parts, wanted, options.paths, options.resume)
    left = parts_left(parts, plan)
    folder = str(Path(options.bundles).resolve())
    tasks = [PartTask(number, parts, folder, plan, tuple(options.pauses)) for number in left]
    failures: dict[int, str] = {}
    unusable, stopped = 0, ""
    gone = (OSError, asyncio.CancelledError, TimeoutError, distributed.client.FutureCancelledError)
    try:
        with (
            connected(options) as client,
            tqdm(total=plan.files, desc="score", unit="image", smoothing=0.05) as bar,
        ):
            bar.update(min(plan.files, (plan.parts - len(left)) * plan.size))
            for number, found in finished_parts(client, tasks):
                if isinstance(found, PartDone):
                    unusable += found.failed
                    bar.update(found.files)
                else:
                    failures[number] = str(found) or type(found).__name__
    except KeyboardInterrupt:
        stopped = "Stopped."
    except gone as error:
        stopped = f"The scheduler does not answer ({type(error).__name__})."
    missing = len(parts_left(parts, plan))
    if single and not missing:
        write_single_table(out, parts, plan, score_columns(bundle.card.taxonomy))
    return tell_end(options, plan, missing, unusable, failures, stopped)


def tell_end(
    options: argparse.Namespace,
    plan: ArchivePlan,
    missing: int,
    unusable: int,
    failures: dict[int, str],
    stopped: str,
) -> int:
    """Say what came of a run; its exit status."""
    print(
        f"{plan.parts - missing:,} of {plan.parts:,} parts in {options.out}, of {plan.files:,} files in all; "
        f"{unusable:,} files of this run could not be used.",
        file=sys.stderr,
    )
    for number, problem in sorted(failures.items())[:10]:
        print(f"  part {number}: {problem}", file=sys.stderr)
    if missing:
        print(
            f"{stopped or f'{len(failures):,} parts could not be scored.'} The parts that are done are kept. The same "
            "command with --resume goes on from here.",
            file=sys.stderr,
        )
    return 130 if stopped == "Stopped." else 2 if stopped else 1 if failures or unusable else 0


@contextmanager
def connected(options: argparse.Namespace) -> Iterator[Any]:
    """A client of the scheduler that was named, or of processes of this computer, which end with it."""
    import distributed

    if options.scheduler:
        with distributed.Client(options.scheduler, timeout=PATIENCE) as client:
            yield client
        return
    with (
        distributed.LocalCluster(
            n_workers=options.workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def finished_parts(client: Any, tasks: list[PartTask]) -> Iterator[tuple[int, PartDone | BaseException]]:
    """What came of each part, as it comes. A part whose worker died is given to another one by the scheduler.

    Raises:
        OSError, asyncio.CancelledError: the scheduler is gone.
    """
    import distributed

    waiting = iter(tasks)
    numbers: dict[Any, int] = {}

    def submit() -> Any:
        task = next(waiting, None)
        if task is None:
            return None
        future = client.submit(score_part, task, retries=1, pure=False)
        numbers[future.key] = task.number
        return future

    many = max(1, len(client.ncores())) * (1 + AHEAD)
    running = distributed.as_completed([one for one in (submit() for _ in range(many)) if one is not None])
    for future in running:
        number = numbers.pop(future.key)
        error = future.exception()
        if future.status == "cancelled":
            raise asyncio.CancelledError
        yield number, future.result() if error is None else error
        if (following := submit()) is not None:
            running.add(following)


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """What `score` takes for archives."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="score on a Dask cluster, such as tcp://host:8786"
    )
    where.add_argument(
        "--workers", type=int, metavar="N", help="score on N processes of this computer, in parts"
    )
    parser.add_argument(
        "--part-size", type=int, default=1000, metavar="N", help="files in a part (default: 1000)"
    )
    parser.set_defaults(pauses=PAUSES)


def wants_cluster(options: argparse.Namespace) -> bool:
    """Whether a call of `score` is for a cluster. Addresses are read by one only."""
    return bool(options.scheduler or options.workers) or any(map(is_address, [*options.paths, options.out]))
