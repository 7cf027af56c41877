"""A script that is killed in the middle of what it does with a VM."""

__all__ = ["KILLED_AT"]

KILLED_AT = """
import os, signal, sys
from vmnb import VM
from vmnb.backends.qemu.attachment import Attachment

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
