"""A process with no umask that makes a VM with secrets in it, and tells all that can be seen of it.

It logs everything there is to log to its error output, and says what it found as JSON.
"""

import json
import logging
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import ipywidgets

import vmnb
from vmnb import VM
from vmnb.cli import main
from vmnb.core import runtime
from vmnb.core.network import NetworkConfig
from vmnb.core.ssh import SshConfig

_TCP_LISTENS = "0A"


def lax(*roots: Path) -> Iterator[str]:
    """Yield what others than this user could open, and how."""
    for root in roots:
        for path in (root, *root.rglob("*")):
            mode = path.lstat().st_mode
            allowed = 0o700 if stat.S_ISDIR(mode) else 0o600
            if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) & ~allowed:
                yield f"{stat.filemode(mode)} {path}"


def listening(pid: int) -> list[str]:
    """Return the addresses on which a process takes connections from a network."""
    mine = set()
    for path in list(Path(f"/proc/{pid}/fd").iterdir()):
        with suppress(FileNotFoundError):  # it was that of this very list
            mine.add(str(path.readlink()))
    found = []
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == _TCP_LISTENS and f"socket:[{fields[9]}]" in mine:
                found.append(fields[1])
    return found


def shown(vm: VM) -> Iterator[Any]:
    """Yield whatever a notebook, a terminal or a log would show of a VM."""
    for thing in (vm, vm.handle, vm.handle.spec, vm.history, vmnb.machines(), vm.console):
        yield repr(thing)
        yield str(thing)
    for kind in (vm, vm.console):
        yield kind._repr_mimebundle_()
    yield vm.history.to_dict()
    try:
        VM(vm.name, memory=129, cloud_init="#cloud-config\n{}\n")
    except vmnb.errors.VmnbError as error:
        yield repr(error)
    yield ipywidgets.Widget.get_manager_state()


def main_() -> None:
    os.umask(0)
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    password, key, public_key = (os.environ.pop(f"MARK_{name}") for name in ("PW", "KEY", "PUB"))
    vm = VM(
        "private",
        image=sys.argv[1],
        memory=64,
        cloud_init=f"#cloud-config\npassword: {password}\n",
        ssh=SshConfig(user="ada", public_key=public_key, private_key=key),
    )
    plain = VM("plain", image=sys.argv[1], memory=64, network=NetworkConfig.private("lab"))
    try:
        vm.start()
        plain.start()
        assert isinstance(vm.console.text, str)
        vm.checkpoint("kept")
        pid, other = vm.handle.pid, plain.handle.pid
        assert pid is not None
        assert other is not None
        homes = [Path(os.environ[f"VMNB_{name}"]) for name in ("HOME", "RUNTIME", "CACHE")]
        status = Path(f"/proc/{pid}/status").read_text()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        told = {
            "lax": list(lax(*homes)),
            "listening": {
                "with ssh": listening(pid),
                "without": listening(other),
                "this": listening(os.getpid()),
            },
            "seccomp": next(line for line in status.splitlines() if line.startswith("Seccomp:")),
            "argv": Path(f"/proc/{pid}/cmdline").read_bytes().decode(),
            "environment": environment.decode(),
            "shown": repr(list(shown(vm))),
        }
        print(json.dumps(told))
        runtime.shutdown()
        main(["list"])
    finally:
        vm.destroy()
        plain.destroy()


if __name__ == "__main__":
    main_()
