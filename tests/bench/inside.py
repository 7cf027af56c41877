"""What acting inside a guest costs: commands by each way, and 100 MiB in and out, as tables.

``python -m tests.bench.inside [--runs N] [--mib N]`` boots the tests' Debian, and compares with
``ssh`` over a shared connection, ``scp``, and a loop that types at a prompt on the serial console.
"""

import argparse
import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.debian.image import build
from vmnb import VM
from vmnb.core import runtime

READY_S = 900.0
_AUTOLOGIN = """[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --keep-baud 115200 - vt220
"""
_GETTY = "serial-getty@ttyS0.service"
SEED = {
    "write_files": [{"path": f"/etc/systemd/system/{_GETTY}.d/auto.conf", "content": _AUTOLOGIN}],
    "runcmd": ["systemctl daemon-reload", f"systemctl restart {_GETTY}"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="of each command")
    parser.add_argument("--mib", type=int, default=100, help="in the file that is copied")
    options = parser.parse_args()
    image = build(Path.home() / ".cache" / "vmnb-tests")
    with tempfile.TemporaryDirectory(prefix="vmnb-") as folder:
        os.environ |= {"VMNB_HOME": f"{folder}/home", "VMNB_RUNTIME": f"{folder}/run"}
        with VM("inside", image=image, memory="768M", cloud_init=SEED, ssh=True) as vm:
            vm.start().run("cloud-init status --wait", timeout=READY_S)
            commands(vm, options.runs, Path(folder))
            copies(vm, options.mib, Path(folder))
        runtime.shutdown()


def commands(vm: VM, runs: int, folder: Path) -> None:
    """Print the median of each way to run ``true``."""
    ssh = Ssh(vm, folder)
    ways: dict[str, Callable[[], object]] = {
        '`vm.run("true")` by the agent': lambda: vm.run("true", via="agent"),
        '`vm.run("true", user="vm")` by SSH': lambda: vm.run("true", via="ssh", user="vm"),
        "`ssh` over a shared connection": lambda: ssh.run("true"),
        '`vm.run("true")` by SSH, as root': lambda: vm.run("true", via="ssh"),
        "`ssh` over a shared connection, `sudo -n true`": lambda: ssh.run("sudo -n true"),
    }
    print("| a command | median, ms |")
    print("| --- | --- |")
    for name, run in ways.items():
        run()
        print(f"| {name} | {1000 * median(timed(run) for _ in range(runs)):.1f} |", flush=True)
    ssh.close()
    with prompt(vm) as typed:
        took = median(timed(lambda: typed("true")) for _ in range(runs))
    print(f"| a loop that types at a serial prompt | {1000 * took:.1f} |")
    took = median(timed(lambda: vm.run("true", via="serial")) for _ in range(5))
    print(f'| `vm.run("true")` by the serial console | {1000 * took:.0f} |')
    print()


def copies(vm: VM, mib: int, folder: Path) -> None:
    """Print the rates of copies in and out."""
    ours, back = folder / "ours", folder / "back"
    with ours.open("wb") as file:
        for _ in range(mib):
            file.write(secrets.token_bytes(1 << 20))
    scp = Ssh(vm, folder)
    steps: dict[str, Callable[[], object]] = {
        "`vm.copy_in`": lambda: vm.copy_in(ours, "/var/tmp/ours"),
        "`scp` in": lambda: scp.copy(str(ours), scp.there("/var/tmp/theirs")),
        "`vm.copy_out`": lambda: vm.copy_out("/var/tmp/ours", back),
        "`scp` out": lambda: scp.copy(scp.there("/var/tmp/theirs"), str(back)),
    }
    print(f"| {mib} MiB | MiB/s |")
    print("| --- | --- |")
    for name, step in steps.items():
        print(f"| {name} | {mib / median(timed(step) for _ in range(3)):.1f} |", flush=True)
    scp.close()


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


class Ssh:
    """OpenSSH's own programs, over one connection."""

    def __init__(self, vm: VM, folder: Path) -> None:
        handle = vm.handle
        vm.run("true", via="ssh", check=True)  # it keeps the host's key
        assert handle.work_dir
        keys = handle.work_dir / "ssh"
        self._options = [
            f"-oIdentityFile={keys / 'id_ed25519'}",
            f"-oUserKnownHostsFile={keys / 'known_hosts'}",
            f"-oHostKeyAlias={handle.id}",
            f"-oPort={vm.handle.ssh_host_port}",
            f"-oControlPath={folder / 'mux'}",
            "-oBatchMode=yes",
        ]
        self._call("ssh", "-fNM", self.there(""))

    def run(self, command: str) -> None:
        self._call("ssh", self.there(""), command)

    def copy(self, source: str, target: str) -> None:
        self._call("scp", "-q", source, target)

    def there(self, path: str) -> str:
        return f"vm@127.0.0.1:{path}" if path else "vm@127.0.0.1"

    def close(self) -> None:
        self._call("ssh", "-Oexit", self.there(""))

    def _call(self, program: str, *words: str) -> None:
        subprocess.run(
            [program, *self._options, *words],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def prompt(vm: VM) -> Iterator[Callable[[str], None]]:
    """Give what types a command at the serial prompt and reads until it has ended."""
    with socket.socket(socket.AF_UNIX) as console:
        console.connect(str(vm.handle.console_socket))
        console.settimeout(60)

        def typed(command: str) -> None:
            console.sendall(f"{command}; echo EN''D $?\n".encode())
            said = b""
            while b"END 0\r\n" not in said:
                said += console.recv(4096)

        typed("true")
        yield typed


if __name__ == "__main__":
    main()
