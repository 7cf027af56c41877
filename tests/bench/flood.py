"""Many megabytes through one console: what the kernel and the page take, and whether all came."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.pty_bridge import log_of
from tests.bench.seats import Seat

__all__ = ["flood"]

_LINE = 80
_MIB = 1024 * 1024


def flood(seats: Sequence[Seat], consoles: Mapping[str, Path], data: Path, megabytes: int) -> None:
    """Let each seat's shell say so many megabytes, and print a table."""
    with data.open("wb") as file:
        for number in range(megabytes * 1_000_000 // _LINE):
            file.write(b"%078d\r\n" % number)
    print(f"\n{megabytes} MB through the console\n")
    print("| terminal | MB/s | kernel, MiB: before, peak, after | page, MiB | missing | digest |")
    print("| --- | --- | --- | --- | --- | --- |")
    for seat in seats:
        print(_row(seat, log_of(consoles[seat.name]), data, megabytes), flush=True)


def _row(seat: Seat, log: Path, data: Path, megabytes: int) -> str:
    seat.sit_down("$")
    seat.run("stty -opost -echo")
    began = log.stat().st_size
    seat.page.evaluate("(selector) => bench.watchBytes(selector)", seat.selector)
    kernel, page = KernelMemory(seat), PageMemory(seat)
    seconds = seat.run(f"cat {data}", page.look)
    came = seat.page.evaluate("(selector) => bench.digest(selector)", seat.selector)
    with log.open("rb") as file:
        file.seek(began)
        said = file.read()
    whole = "the same" if came["adler"] == zlib.adler32(said) else "another"
    return (
        f"| {seat.name} | {megabytes / seconds:.2f} | {kernel.text()} | {page.text()}"
        f" | {len(said) - came['count']} bytes | {whole} |"
    )


class KernelMemory:
    """What is resident of the kernel's process."""

    def __init__(self, seat: Seat) -> None:
        self._process = Path(f"/proc/{seat.kernel_pid()}")
        (self._process / "clear_refs").write_text("5")  # the peak begins anew
        self._before = self._read("VmRSS")

    def text(self) -> str:
        """Return before, peak and after."""
        return f"{self._before}, {self._read('VmHWM')}, {self._read('VmRSS')}"

    def _read(self, field: str) -> int:
        status = (self._process / "status").read_text()
        return int(status.split(f"{field}:")[1].split()[0]) // 1024


class PageMemory:
    """What JavaScript holds in the page, with the bytes of its buffers; looked at now and then."""

    def __init__(self, seat: Seat) -> None:
        self._session = seat.page.context.new_cdp_session(seat.page)
        self._session.send("HeapProfiler.collectGarbage")
        self._seen = [self._used()]

    def look(self) -> None:
        """Note how much it is now."""
        self._seen.append(self._used())

    def text(self) -> str:
        """Return before, peak and after."""
        self._session.send("HeapProfiler.collectGarbage")
        return f"{self._seen[0]}, {max(self._seen)}, {self._used()}"

    def _used(self) -> int:
        usage = self._session.send("Runtime.getHeapUsage")
        return int(usage["usedSize"] + usage.get("backingStorageSize", 0)) // _MIB
