"""Whether a checkpoint takes longer the more there were before it, as a table.

``python -m tests.bench.checkpoints [--count N]`` makes N of the tiny guest, and forgets those that
are older than the newest 20, as ``%vm_autocheckpoint`` does.
"""

import argparse
import os
import tempfile
from statistics import median

from tests.bench.timing import timed
from vmnb import VM
from vmnb.core import runtime
from vmnb.notebook.magics.autocheckpoint import KEPT

GROUP = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory(prefix="vmnb-", dir="/tmp") as folder:
        os.environ |= {"VMNB_HOME": f"{folder}/home", "VMNB_RUNTIME": f"{folder}/run"}
        print("| checkpoints before | to make one, ms | to forget one, ms | layers of the disk |")
        print("| --- | --- | --- | --- |")
        with VM("cells", boot="cold") as vm:
            vm.start().wait_ready()
            for before in range(0, count, GROUP):
                cells = [_cell(vm, before + cell) for cell in range(GROUP)]
                made, forgotten = zip(*cells, strict=True)
                times = " | ".join(f"{median(each) * 1000:.0f}" for each in (made, forgotten))
                print(f"| {before} to {before + GROUP - 1} | {times} | {_layers(vm)} |")
        runtime.shutdown()


def _cell(vm: VM, number: int) -> tuple[float, float]:
    """Do something, keep it, and forget what is too old; return the seconds of the last two."""
    vm.run(f"echo {number} > /root/cell-{number % KEPT}; sync", check=True)
    made_s = timed(lambda: vm.checkpoint(f"cell {number}"))
    old = number - KEPT
    return made_s, timed(lambda: vm.forget_checkpoint(f"cell {old}")) if old >= 0 else 0.0


def _layers(vm: VM) -> int:
    assert vm.handle.work_dir is not None
    return len(list(vm.handle.work_dir.glob("layer-*")))


if __name__ == "__main__":
    main()
