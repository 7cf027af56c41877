"""Many forks of one guest at once: how long it takes, and what memory they have, as a table.

``python -m tests.bench.many [COUNT ...]`` forks the tiny guest so often at once, for each count.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from vmnb import VM, Fleet
from vmnb.core import runtime

COUNTS = (5, 10, 20, 30)


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or COUNTS
    with tempfile.TemporaryDirectory(prefix="vmnb-", dir="/tmp") as folder:
        os.environ |= {"VMNB_HOME": f"{folder}/home", "VMNB_RUNTIME": f"{folder}/run"}
        with VM("source", boot="cold") as vm:
            vm.start().wait_ready()
            print(
                "| copies | until all have answered, s | each, s | PSS, MiB | each | of its RAM |"
            )
            print("| --- | --- | --- | --- | --- | --- |")
            for count in counts:
                print(_row(vm, count), flush=True)
        runtime.shutdown()


def _row(vm: VM, count: int) -> str:
    began = time.perf_counter()
    fleet = vm.fork(count)
    answers = fleet.run("hostname", check=True)["stdout"]
    took_s = time.perf_counter() - began
    assert len(set(answers)) == count
    mib = _pss_mib(fleet)
    fleet.destroy()
    share = mib / count / vm.handle.memory_mib
    return (
        f"| {count} | {took_s:.1f} | {took_s / count:.2f} | {mib:.0f} | {mib / count:.0f} "
        f"| {share:.0%} |"
    )


def _pss_mib(fleet: Fleet) -> float:
    """Return what their QEMUs have in memory; each of N who share a page has an Nth of it."""
    return sum(_pss_kib(vm) for vm in fleet) / 1024


def _pss_kib(vm: VM) -> int:
    lines = Path(f"/proc/{vm.handle.pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
