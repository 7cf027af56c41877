"""What vmnb adds to bare QEMU: four ratios, measured in one run, as a table.

``python -m tests.bench.speed [--runs N]`` alternates vmnb with the same work done by bare means,
and prints medians as Markdown. ``prepare`` and ``start`` are timed as the history records them:
the hypervisor's operation, without the store. Boots are timed as a notebook sees them.
"""

import argparse
import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from tests.bench.bare_boot import boot_once
from tests.bench.timing import timed
from vmnb import VM
from vmnb.backends.qemu.instants.memory import inherited, new_memory
from vmnb.core import runtime
from vmnb.images import BootImage, resolve

_MEMORY_MIB = 256

Sample = Callable[[], float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="of each; a fifth of that for boots")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="vmnb-") as folder:
        os.environ |= {"VMNB_HOME": f"{folder}/home", "VMNB_RUNTIME": f"{folder}/run"}
        image = asyncio.run(resolve("tiny"))
        VM("warm").destroy()
        print("| step | vmnb, ms | bare, ms | ratio | at most |")
        print("| --- | --- | --- | --- | --- |")
        imports = (lambda: _python("import vmnb"), lambda: _python("pass"))
        row("`import vmnb`, against `python -c pass`", *imports, runs, "+50 ms")
        row("`prepare`, against `qemu-img create`", _prepare, _qemu_img(image, folder), runs, "2")
        with _argv_of_a_vm() as argv:
            greeted = lambda: _spawn(argv, Path(folder), until="greeting")  # noqa: E731
            running = lambda: _spawn(argv, Path(folder), until="running")  # noqa: E731
            row("`start`, against a spawn to `running` by QMP", _start, running, runs, "1.3")
            row("the same, to QMP's greeting, before QEMU has a machine", _start, greeted, runs, "")
        bare_boot = lambda: asyncio.run(boot_once(image))  # noqa: E731
        boots = max(3, runs // 5)
        row("`start()` to the first `run`, against a script", _boot, bare_boot, boots, "1.15")
        runtime.shutdown()


def row(what: str, ours: Sample, bare: Sample, runs: int, limit: str) -> None:
    """Measure both in turn, and print their medians."""
    pairs = [(ours(), bare()) for _ in range(runs + 1)][1:]
    mine, theirs = (median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = f"{mine / theirs:.2f}" if not limit.startswith("+") else f"+{mine - theirs:.0f} ms"
    print(f"| {what} | {mine:.0f} | {theirs:.0f} | {ratio} | {limit} |", flush=True)


@contextmanager
def _vm(name: str = "bench") -> Iterator[VM]:
    vm = VM(name, boot="cold")
    try:
        yield vm
    finally:
        vm.destroy()


def _python(code: str) -> float:
    return timed(lambda: subprocess.run([sys.executable, "-c", code], check=True))


def _prepare() -> float:
    with _vm() as vm:
        return _last_duration_s(vm)


def _qemu_img(image: BootImage, folder: str) -> Sample:
    disk = Path(folder, "bare.qcow2")
    argv: list[str | Path] = [
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        image.disk_format,
        "-b",
        image.disk,
    ]

    def create() -> float:
        disk.unlink(missing_ok=True)
        return timed(lambda: subprocess.run([*argv, disk], check=True))

    return create


def _start() -> float:
    with _vm() as vm:
        return _last_duration_s(vm.start())


def _last_duration_s(vm: VM) -> float:
    return float(vm.history["duration_s"].iloc[-1])


def _boot() -> float:
    with _vm() as vm:
        return timed(lambda: vm.start().run("uname -r", check=True))


@contextmanager
def _argv_of_a_vm() -> Iterator[list[str]]:
    """Give the command line of a VM of ours, whose files are there and which does not run."""
    with _vm("bare") as vm:
        line = Path(f"/proc/{vm.start().handle.pid}/cmdline").read_bytes()
        vm.stop(timeout=0)
        assert vm.handle.vnc_socket
        vm.handle.vnc_socket.parent.mkdir(exist_ok=True)
        yield [os.fsdecode(word) for word in line.rstrip(b"\0").split(b"\0")]


def _spawn(argv: list[str], folder: Path, *, until: str) -> float:
    """Spawn that command line with memory and sockets of our own; wait for QMP to say `until`."""
    with ExitStack() as stack:
        memory = new_memory(_MEMORY_MIB)
        stack.callback(os.close, memory)
        descriptors = [memory]

        def replaced(match: re.Match[str]) -> str:
            chardev = re.findall(r"\bid=(\w+)", match.string)[0]
            theirs = stack.enter_context(_socket(match, folder / chardev))
            descriptors.append(theirs.fileno())
            return f"fd={theirs.fileno()}"

        ours = [re.sub(r"/proc/self/fd/\d+", str(inherited(memory)), word) for word in argv]
        words = [re.sub(r"\bfd=\d+", replaced, word) for word in ours]
        began = time.perf_counter()
        process = subprocess.Popen(words, pass_fds=descriptors)
        monitor = stack.enter_context(socket.socket(socket.AF_UNIX))
        monitor.connect(str(folder / "qmp0"))
        said = monitor.recv(4096)
        if until == "running":
            monitor.sendall(b'{"execute": "qmp_capabilities"} {"execute": "query-status"}')
            while b"running" not in said:
                part = monitor.recv(4096)
                assert part, "QEMU ended"
                said += part
        elapsed = time.perf_counter() - began
        process.kill()
        process.wait()
    return elapsed


@contextmanager
def _socket(match: re.Match[str], path: Path) -> Iterator[socket.socket]:
    """Give what a ``fd=`` of QEMU stands for: a listening socket, or one end of a pair."""
    if "server=on" in match.string:
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen(1)
            yield listening
    else:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            yield theirs


if __name__ == "__main__":
    main()
