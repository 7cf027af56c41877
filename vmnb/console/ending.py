"""The last lines that a console said, as its log or its server has them, whoever is connected."""

import asyncio

from vmnb.console.log import ConsoleLog
from vmnb.console.ring import Ring
from vmnb.console.terminal import Terminal
from vmnb.core.errors import VmnbError
from vmnb.core.hypervisor import ConsoleEndpoint, NoConsole, UnixConsole, WebSocketConsole

__all__ = ["last_lines"]

_LINES = 10
_SIZE = 8 * 1024


async def last_lines(endpoint: ConsoleEndpoint) -> list[str]:
    """Return up to 10 lines with something in them; none of a console that nothing has kept."""
    ring = Ring(_SIZE)
    match endpoint:
        case UnixConsole(log=log):
            ring.append(await asyncio.to_thread(_end_of, ConsoleLog(log)))
        case WebSocketConsole():
            ring.append(await _served_end_of(endpoint))
        case NoConsole():
            return []
    terminal = Terminal(ring)
    await terminal.snapshot()
    return [line for line in terminal.text().splitlines() if line.strip()][-_LINES:]


async def _served_end_of(endpoint: WebSocketConsole) -> bytes:
    # Imported here: it takes longer than all the rest, and most consoles have none.
    from vmnb.console.serial_history import SerialHistory

    history = SerialHistory(endpoint)
    try:
        return await history.last(_SIZE)
    except VmnbError:  # a server keeps nothing of a VM that has ended
        return b""
    finally:
        await history.aclose()


def _end_of(log: ConsoleLog) -> bytes:
    try:
        size = log.size
        return log.read(max(0, size - _SIZE), size)
    finally:
        log.close()
