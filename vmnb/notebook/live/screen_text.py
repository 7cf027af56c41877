"""Waiting until a text is on a guest's screen."""

import asyncio
import re

from vmnb.core.errors import DeadlineError, LinkLostError
from vmnb.core.picture import Picture
from vmnb.guest.result import inert
from vmnb.notebook.live.live import Live
from vmnb.notebook.live.running import require_running
from vmnb.notebook.vm.wait import Wait, compiled, while_alive
from vmnb.screen.reading import read_text, require_reader

__all__ = ["screen_shows"]


async def screen_shows(live: Live, pattern: str | re.Pattern[str], timeout_s: float) -> None:
    """Wait until the screen shows something that matches `pattern`.

    Raises
    ------
    SpecError
        The pattern is no regular expression, or `timeout_s` no number of seconds.
    StateError
        The VM does not run, or ended before it showed that; that is raised at once.
    DeadlineError
        It did not within `timeout_s` seconds; the message has the text that it showed last.
    CapabilityError
        The backend has no screen, or this machine cannot read pictures.
    """
    wanted = compiled(pattern)
    wait = Wait(live, f"its screen to show {wanted.pattern!r}", timeout_s)
    require_reader()
    await require_running(live.machine, "wait for the screen of")
    await while_alive(wait, _shown(wait, wanted))


async def _shown(wait: Wait, wanted: re.Pattern[str]) -> None:
    seen: Picture | None = None
    async with asyncio.timeout(wait.left_s):
        while True:
            picture = await _look(wait.live)
            if picture is not None and picture != seen:  # to read it takes seconds
                text = await read_text(picture)
                if wanted.search(text):
                    return
                seen, wait.seen = picture, _quoted(text)
            await wait.pause()


async def _look(live: Live) -> Picture | None:
    """Return the picture; None where QEMU could not be asked now. If it has ended, so has this."""
    try:
        return await live.machine.screenshot()
    except (DeadlineError, LinkLostError):
        return None


def _quoted(text: str) -> str:
    lines = text.splitlines() or ["a screen without text"]
    return "".join(f"\n  {inert(line)}" for line in lines)
