"""A disk that fills up as a VM is made, at each of the steps of that."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.spec import VmSpec
from vmnb.core.ssh import SshConfig

FILLED_AT = """
import asyncio, json, os, sys
from pathlib import Path
from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.paths import data_home
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.store import Store

CHANGES = {"os.mkdir", "os.rename", "os.symlink", "sqlite3.connect", "subprocess.Popen"}
steps = None

def fill():
    with open(data_home() / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass

def hook(event, arguments):
    global steps
    is_write = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if steps is None or not (event in CHANGES or is_write):
        return
    steps -= 1
    if steps < 0:
        steps = None
        fill()

def left():
    found = {str(path.relative_to(data_home())) for path in data_home().rglob("*")}
    return sorted(found - {"filler", "vmnb.sqlite3", "vmnb.locks", "vms"})

async def main():
    global steps
    spec = VmSpec.from_json(json.loads(sys.argv[1]))
    session = Session(Store(), RouterHypervisor([QemuHypervisor()]))
    sys.addaudithook(hook)
    for first in range(1000):
        steps = first
        try:
            await session.open(spec)
        except Exception as error:
            told = [type(error).__name__, str(error)]
        else:
            told = None
        filled, steps = steps is None, None
        (data_home() / "filler").unlink(missing_ok=True)
        known = [record.name for record in await session.records()]
        print(json.dumps([first, told, left() if told else [], known]), flush=True)
        if told is None:
            await (await session.attach(spec.name)).destroy()
        if not filled:
            break
    await session.aclose()

asyncio.run(main())
os._exit(0)
"""


def test_a_disk_that_fills_up_at_any_step_is_told_and_nothing_is_left(
    small_disk: Callable[[str], Path],
    homes: Path,
    monkeypatch: pytest.MonkeyPatch,
    spec: Callable[..., VmSpec],
) -> None:
    monkeypatch.setenv("VMNB_HOME", str(small_disk("size=96M")))
    wanted = spec(ssh=SshConfig(), cloud_init=CloudInitConfig(user_data="#cloud-config\n{}\n"))
    command = [sys.executable, "-c", FILLED_AT, json.dumps(wanted.to_json())]
    done = subprocess.run(command, timeout=100, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(tries) > 10
    for _, told, left, known in tries:
        if told is not None:
            error, message = told
            assert error in ("BackendError", "StoreError"), message
            assert "→" in message
            assert (left, known) == ([], [])
    assert tries[-1][1] is None
