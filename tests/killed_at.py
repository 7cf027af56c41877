"""Scripts that are killed in the middle of what they do with a VM."""

__all__ = ["KILLED_AT", "KILLED_IN_LIFE"]

KILLED_AT = """
import os, signal, sys
from vmnb import VM
from vmnb.backends.qemu.running.attachment import Attachment

steps, execute = int(sys.argv[1]), Attachment.execute

async def counted(self, command, **arguments):
    global steps
    steps -= 1
    if steps < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return await execute(self, command, **arguments)

vm = VM.attach(sys.argv[2])
Attachment.execute = counted
"""
"""Whatever follows is killed before one of its questions to QEMU."""

KILLED_IN_LIFE = """
import asyncio, json, os, signal, sqlite3, subprocess, sys
from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.store import Store

CHANGES = {
    "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink",
    "os.truncate", "socket.bind", "sqlite3.connect", "subprocess.Popen",
}
steps, execute = int(sys.argv[1]), Attachment.execute

def step(what):
    global steps
    steps -= 1
    if steps < 0:
        print(what, file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

def hook(event, arguments):
    if event in CHANGES or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        step(f"{event} {arguments[0]}")

async def counted(self, command, **arguments):
    step(command)
    return await execute(self, command, **arguments)

async def life():
    backend = QemuHypervisor()
    session = Session(Store(), RouterHypervisor([backend]))
    await backend._qemu()
    sys.addaudithook(hook)
    Attachment.execute = counted
    machine = await session.open(VmSpec.from_json(json.loads(sys.argv[2])))
    await machine.start()
    await machine.stop(0)
    await machine.destroy()
    await session.aclose()

sys.dont_write_bytecode = True
asyncio.run(life())
os._exit(0)
"""
"""A VM is made, started, stopped and destroyed, and the process killed before one of the changes.

That is a change of any file, a process, a socket, a connection to the store, a question to QEMU.
"""
