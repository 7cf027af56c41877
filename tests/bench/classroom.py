"""Many guests that boot at once from one kernel: how soon all are ready, and how the kernel fares.

``python -m tests.bench.classroom [COUNT]`` starts so many tiny guests from a notebook's kernel, and
runs trivial cells in it until all have booted.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from tests.bench.timing import timed

COUNT = 30

MAKE = """
import threading
from vmnb import VM
from vmnb.core import runtime
def boot():
    for vm in vms:
        vm.start()
    for vm in vms:
        vm.wait_ready(600)
VM("first", boot="cold").destroy()
"""
BOOT = """
vms = [VM(f"student {{n}}", boot="cold", memory="256M") for n in range({count})]
booting = threading.Thread(target=boot)
booting.start()
"""
END = """
for vm in vms:
    vm.destroy()
runtime.shutdown()
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory(prefix="vmnb-", dir="/tmp") as folder:
        os.environ |= {"VMNB_HOME": f"{folder}/home", "VMNB_RUNTIME": f"{folder}/run"}
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
        manager, client = start_new_kernel()
        try:
            _run(client, MAKE)
            quiet = [timed(lambda: _run(client, "1 + 1")) for _ in range(100)]
            before = _memory_kib(client)
            began = time.perf_counter()
            _run(client, BOOT.format(count=count))
            cells: list[float] = []
            while _told(client, "booting.is_alive()") == "True":
                cells.append(timed(lambda: _run(client, "1 + 1")))
            ready_s = time.perf_counter() - began
            per_vm = (_memory_kib(client) - before) / count / 1024
            _run(client, END)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    print("| tiny guests | all ready, s | a cell meanwhile, ms | p95 | most | quiet | MiB per VM |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    p95 = quantiles(cells, n=20)[-1]
    times = (median(cells), p95, max(cells), median(quiet))
    print(
        f"| {count} | {ready_s:.0f} | {' | '.join(f'{each * 1000:.0f}' for each in times)} "
        f"| {per_vm:.2f} |"
    )


def _run(client: BlockingKernelClient, code: str) -> None:
    reply = client.execute_interactive(code, timeout=600, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok", reply["content"]


def _told(client: BlockingKernelClient, expression: str) -> str:
    reply = client.execute_interactive(
        "", user_expressions={"it": expression}, timeout=600, output_hook=lambda _: None
    )
    return str(reply["content"]["user_expressions"]["it"]["data"]["text/plain"])


def _memory_kib(client: BlockingKernelClient) -> int:
    pid = _told(client, "__import__('os').getpid()")
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
