"""Storms over many lives, as a table: ``python -m tests.chaos [--noop N] [--qemu N]``."""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.boot_sector import boot_disk
from tests.chaos.storm import Toll, storm

_HEADS = (
    "backend",
    "lives",
    "acts",
    "kernels killed",
    "QEMUs killed",
    "refused",
    "mishaps",
    "faults",
    "wrong",
    "left",
    "memory, MiB",
    "descriptors",
    "s",
)


def main() -> int:
    """Print a row for each backend; return 1 where something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--noop", type=int, default=900, help="lives on Noop")
    parser.add_argument("--qemu", type=int, default=100, help="lives on QEMU")
    options = parser.parse_args()
    print(f"| {' | '.join(_HEADS)} |")
    print("| --- " * len(_HEADS) + "|")
    tolls = []
    for backend, lives in (("noop", options.noop), ("qemu", options.qemu)):
        with tempfile.TemporaryDirectory(prefix="vmnb-", dir="/tmp") as folder:
            homes = {"VMNB_HOME": "home", "VMNB_RUNTIME": "run"}
            os.environ |= {name: f"{folder}/{place}" for name, place in homes.items()}
            image = str(boot_disk(Path(folder, "idle.img")))
            toll = asyncio.run(storm(options.seed, lives, backend=backend, image=image))
        tolls.append(toll)
        print(_row(backend, toll), flush=True)
    troubles = [each for toll in tolls for each in (*toll.faults, *toll.wrong, *toll.left)]
    print("\n".join(troubles), file=sys.stderr)
    return 1 if troubles else 0


def _row(backend: str, toll: Toll) -> str:
    memory = [report.memory_kib / 1024 for report in toll.steady]
    descriptors = [report.descriptors for report in toll.steady]
    cells = (
        backend,
        toll.lives,
        toll.acts.total(),
        toll.kernels,
        toll.hypervisors,
        toll.acts["refused"],
        toll.acts["mishap"],
        len(toll.faults),
        len(toll.wrong),
        len(toll.left),
        _first_and_last(memory),
        _first_and_last(descriptors),
        f"{toll.duration_s:.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _first_and_last(values: list[float] | list[int]) -> str:
    """Return the medians of the second and of the last tenth."""
    tenth = max(1, len(values) // 10)
    return f"{median(values[tenth : 2 * tenth]):.0f} → {median(values[-tenth:]):.0f}"


if __name__ == "__main__":
    sys.exit(main())
