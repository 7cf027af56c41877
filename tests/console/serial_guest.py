"""A real QEMU whose guest is one boot sector that works the serial port."""

import socket
import subprocess
from pathlib import Path

from vmnb.core.hypervisor import UnixConsole

# next: mov cx,8; mov edx,ebx / digit: rol edx,4; al = hex digit of dl; call send; loop digit
#       mov al,10; call send; inc ebx; jmp next
# send: wait for bit 5 of port 0x3fd (transmitter empty); out 0x3f8,al; ret
COUNTER = bytes.fromhex(
    "31c08ed88ed0bc007c6631dbb908006689da66c1c20488d0240f04303c3976020427e80b00e2ebb00ae80400"
    "6643ebdc5250bafd03eca82074fb58baf803ee5ac3"
)
"""Says 00000000, 00000001, 00000002, … as fast as it can, for ever; nine bytes each."""

# start: wait for bit 0 of port 0x3fd (received); in al,0x3f8; send it; jmp start
ECHO = bytes.fromhex("bafd03eca80174f8baf803ec88c4bafd03eca82074fbbaf80388e0eeebe2")
"""Says what it is told."""


class SerialGuest:
    """A QEMU that runs `program`; its console is that of a VM of this project."""

    def __init__(self, program: bytes, directory: Path) -> None:
        disk = directory / "disk"
        disk.write_bytes(program.ljust(510, b"\0") + b"\x55\xaa")
        self.console = UnixConsole(path=directory / "console", log=directory / "console.log")
        self._argv = [
            *("qemu-system-x86_64", "-machine", "pc", "-accel", "tcg", "-m", "16"),
            *("-nodefaults", "-no-user-config", "-display", "none"),
            *("-drive", f"file={disk},format=raw,if=ide,snapshot=on"),
            *("-device", "isa-serial,chardev=console"),
        ]
        self.start()

    def start(self) -> None:
        """Start it; its console takes clients from now on."""
        self.console.path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.console.path))
            listener.listen(1)
            chardev = (
                f"socket,id=console,fd={listener.fileno()},server=on,wait=off,"
                f"logfile={self.console.log},logappend=on"
            )
            self._process = subprocess.Popen(
                [*self._argv, "-chardev", chardev], pass_fds=[listener.fileno()]
            )

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()
        self.console.path.unlink(missing_ok=True)

    def log(self) -> bytes:
        """Return everything that it said."""
        log = self.console.log
        return log.read_bytes() if log and log.exists() else b""
