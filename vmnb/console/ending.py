"""The last lines that a console said, as its log has them: whoever is connected, alive or not."""

import asyncio

from vmnb.console.log import ConsoleLog
from vmnb.console.ring import Ring
from vmnb.console.terminal import Terminal
from vmnb.core.hypervisor import ConsoleEndpoint, UnixConsole

__all__ = ["last_lines"]

_LINES = 10
_SIZE = 8 * 1024


async def last_lines(endpoint: ConsoleEndpoint) -> list[str]:
    """Return up to 10 lines with something in them; none of a console without a log."""
    log = endpoint.log if isinstance(endpoint, UnixConsole) else None
    ring = Ring(_SIZE)
    ring.append(await asyncio.to_thread(_end_of, ConsoleLog(log)))
    terminal = Terminal(ring)
    await terminal.snapshot()
    return [line for line in terminal.text().splitlines() if line.strip()][-_LINES:]


def _end_of(log: ConsoleLog) -> bytes:
    try:
        size = log.size
        return log.read(max(0, size - _SIZE), size)
    finally:
        log.close()
