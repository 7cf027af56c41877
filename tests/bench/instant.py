"""How soon a guest answers: booted, restored, forked, rewound; and by a bare script, as a table.

``python -m tests.bench.instant [--runs N]`` does each in turn, N times, with the tiny guest.
"""

import argparse
import asyncio
import os
import tempfile
from statistics import median

import vmnb
from tests.bench.bare_instants import bare_fork, bare_restore
from tests.bench.timing import timed
from vmnb import VM
from vmnb.core import runtime
from vmnb.images import resolve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="of each; a quarter of that for boots")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="vmnb-", dir="/tmp") as folder:
        os.environ |= {"VMNB_HOME": f"{folder}/home", "VMNB_RUNTIME": f"{folder}/run"}
        image = asyncio.run(resolve("tiny"))
        rows = {"a boot": [timed(_boot) for _ in range(max(3, runs // 4))]}
        rows |= _instants(runs)
        rows["a bare script that forks"] = asyncio.run(bare_fork(image, runs))
        rows["a bare script that restores"] = asyncio.run(bare_restore(image, runs))
        boot = median(rows["a boot"])
        print("| the tiny guest, until it answers | median, ms | of a boot |")
        print("| --- | --- | --- |")
        for what, times in rows.items():
            print(f"| {what} | {median(times) * 1000:.0f} | 1/{boot / median(times):.1f} |")
        runtime.shutdown()


def _instants(runs: int) -> dict[str, list[float]]:
    forks: list[float] = []
    checkpoints: list[float] = []
    rewinds: list[float] = []
    restores: list[float] = []
    pooled: list[float] = []
    with VM("source") as vm:
        vm.start().wait_ready()  # the first of its kind: now there is a template
        for _ in range(runs):
            restores.append(timed(_restore))
            VM.attach("restored").destroy()
            forks.append(timed(lambda: _fork(vm)))
            VM.attach("source-1").destroy()
            checkpoints.append(timed(lambda: vm.checkpoint("now")))
            rewinds.append(timed(lambda: vm.rewind("now").run("true")))
            vm.forget_checkpoint("now")
        for _ in range(runs):
            vmnb.pool(1)  # which returns when it waits
            pooled.append(timed(_restore))
            VM.attach("restored").destroy()
        vmnb.pool(0)
    return {
        "`VM()` and `start()` from a template, to the first `run`": restores,
        "the same with `vmnb.pool(1)`": pooled,
        "`vm.fork()`, to the copy's first `run`": forks,
        "`vm.checkpoint()`": checkpoints,
        "`vm.rewind()`, to the first `run`": rewinds,
    }


def _boot() -> None:
    with VM("boot", boot="cold") as vm:
        vm.start().run("true")


def _restore() -> None:
    VM("restored").start().run("true")


def _fork(vm: VM) -> None:
    vm.fork()[0].run("true")


if __name__ == "__main__":
    main()
