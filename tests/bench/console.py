"""The console in a page beside other terminals: throughput, echo, and a flood, as tables.

``python -m tests.bench.console [--rounds N] [--keys N] [--mb N] [--flood-mb N]`` needs what the
extras ``lab``, ``test`` and ``bench`` install. In each round every terminal is measured once.
Throughput is from Enter until the last byte of ``cat`` is drawn; echo is from a key to its glyph in
xterm's buffer. The guest is a shell on a pty at first, and then the tiny guest.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Error

from tests.bench.flood import flood
from tests.bench.pty_bridge import SHELL, bridge
from tests.bench.seats import Seat, notebook_seat, terminal_seat
from tests.browser.card import destroy_all
from tests.browser.jupyter import write_json
from tests.browser.lab import lab_server
from tests.chromium import chromium
from vmnb import VM
from vmnb.core import runtime

COMM, SOCKET = "vmnb by comm", "vmnb by WebSocket"
CARD = "vm = VM({name!r}{how}).start()\nvm"
PTY_CARD = (
    """import os
from tests.bench.pty_backend import PtyHypervisor
from vmnb import VM
print(os.getpid())
"""
    + CARD
)
TINY_CARD = "from vmnb import VM\n" + CARD
OTHER = f"from notebook_terminal import terminal\nother = terminal(shell={SHELL!r})"
TINY_PROMPT = ":~#"


@dataclass(frozen=True, kw_only=True)
class Site:
    """Two JupyterLab servers, one with jupyter-server-proxy, and a browser."""

    browser: Browser
    roots: dict[str, Path]
    urls: dict[str, str]

    def seat(self, name: str, way: str, cell: str, selector: str) -> Seat:
        """Open a notebook on one of the servers."""
        return notebook_seat(name, self.browser, self.urls[way], self.roots[way], cell, selector)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keys", type=int, default=50, help="for each terminal")
    parser.add_argument("--mb", type=int, default=10, help="that the shell says at once")
    parser.add_argument("--flood-mb", type=int, default=200, help="0 for none")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with all that is cleaned up then
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vmnb-", dir="/tmp")))
        os.environ |= {"VMNB_HOME": f"{folder}/home", "VMNB_RUNTIME": f"{folder}/run"}
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
        stack.callback(destroy_all)
        site = _site(folder, stack)
        _on_a_pty(site, folder, options)
        _in_the_tiny_guest(site, options)
        runtime.shutdown()


def _site(folder: Path, stack: ExitStack) -> Site:
    roots, urls = {}, {}
    for way in (COMM, SOCKET):
        root = roots[way] = folder / way.replace(" ", "-")
        config = root / ".jupyter-home" / "config" / "jupyter_server_config.json"
        write_json(config, {"ServerApp": {"terminado_settings": {"shell_command": [SHELL, "-i"]}}})
        urls[way] = stack.enter_context(lab_server(root, proxied=way == SOCKET))
    browser = stack.enter_context(chromium("--disable-3d-apis"))
    return Site(browser=browser, roots=roots, urls=urls)


def _on_a_pty(site: Site, folder: Path, options: argparse.Namespace) -> None:
    data = folder / "data"
    data.write_bytes(lines(options.mb * 1_000_000))
    with ExitStack() as stack:
        consoles = {way: stack.enter_context(bridge(folder / way[8:])) for way in (COMM, SOCKET)}
        seats = [terminal_seat(site.browser, site.urls[SOCKET])]
        seats.append(site.seat("notebook-terminal", SOCKET, OTHER, "[id^=nbterm]"))
        for way, path in consoles.items():
            cell = PTY_CARD.format(name=way, how=f", backend=PtyHypervisor({str(path)!r})")
            seats.append(site.seat(way, way, cell, ".vmnb-card"))
        measure(seats, "$", f"cat {data}", options.mb, "a shell on a pty", options)
        if options.flood_mb:
            flood(seats[2:], consoles, folder / "flood", options.flood_mb)
        _close(seats)


def _in_the_tiny_guest(site: Site, options: argparse.Namespace) -> None:
    seats = [terminal_seat(site.browser, site.urls[SOCKET])]
    seats.append(site.seat("notebook-terminal", SOCKET, OTHER, "[id^=nbterm]"))
    for index, seat in enumerate(seats):
        vm = VM(f"tiny {index}").start()
        vm.run("true")
        seat.sit_down("$")
        seat.page.keyboard.type(f"vmnb console {vm.handle.name!r}\n\n")
    seats += [
        site.seat(way, way, TINY_CARD.format(name=f"tiny {way}", how=""), ".vmnb-card")
        for way in (COMM, SOCKET)
    ]
    for seat in seats:
        seat.sit_down(TINY_PROMPT)
        seat.run("seq -w 100001 225000 > /tmp/1-mb")  # 8 bytes each
    measure(seats, TINY_PROMPT, "cat /tmp/1-mb", 1, "the tiny guest, as it runs here", options)
    _close(seats)


def measure(
    seats: Sequence[Seat],
    prompt: str,
    command: str,
    megabytes: int,
    guest: str,
    options: argparse.Namespace,
) -> None:
    """Measure all seats in turn, and print a table."""
    results = {seat.name: Result() for seat in seats}
    there = list(seats)
    for turn in range(options.rounds + 1):  # the first is to warm up
        for seat in list(there):
            print(f"{guest}, round {turn}: {seat.name}", file=sys.stderr)
            result = results[seat.name] if turn else Result()
            try:
                seat.sit_down(prompt)
                result.echoes_ms += seat.echoes_ms(-(-options.keys // options.rounds))
                result.speeds.append(megabytes / seat.run(command))
            except Error as error:  # a terminal that fails does not take the others along
                print(f"{seat.name} failed: {error.message}", file=sys.stderr)
                there.remove(seat)
    print(f"\nThe guest is {guest}.\n")
    print(f"| terminal | {megabytes} MB, MB/s | ratio | echo, ms | p95 | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, result in results.items():
        print(f"| {name} | {result.row(results[seats[0].name])} |", flush=True)


@dataclass
class Result:
    """What was measured of one terminal."""

    speeds: list[float] = field(default_factory=list)
    echoes_ms: list[float] = field(default_factory=list)

    def row(self, first: "Result") -> str:
        """Return the cells of a table, with ratios to the first terminal."""
        if not self.speeds or not first.speeds:
            return "failed | | | |"
        speed, echo = median(self.speeds), median(self.echoes_ms)
        p95 = quantiles(self.echoes_ms, n=20)[-1]
        faster, later = speed / median(first.speeds), echo / median(first.echoes_ms)
        return f"{speed:.2f} | {faster:.2f} | {echo:.1f} | {p95:.1f} | {later:.2f}"


def lines(count: int) -> bytes:
    """Return so many bytes in numbered lines of 80."""
    return b"".join(b"%078d\n" % number for number in range(count // 79 + 1))[:count]


def _close(seats: Sequence[Seat]) -> None:
    for seat in seats:
        seat.page.close()


if __name__ == "__main__":
    main()
