"""The guest's screen and keyboard: the part of a VM that looks at the one and uses the other."""

import re
from typing import Self

from vmnb.core.picture import Picture
from vmnb.notebook.live.live import WAIT_TIMEOUT_S
from vmnb.notebook.live.screen_text import screen_shows
from vmnb.notebook.vm.facade import AsyncFacade, Facade
from vmnb.screen.keys import chords_of
from vmnb.screen.us_layout import chords_for

__all__ = ["AsyncScreen", "Screen"]


class Screen(Facade):
    """What a VM does with its screen and its keyboard."""

    def screenshot(self) -> Picture:
        """Return what the guest's screen shows now; shown in a cell, it is a picture.

        Returns
        -------
        Picture
            With ``png`` (bytes), ``width`` and ``height`` (pixels), and ``save(path)``.

        Raises
        ------
        StateError
            The VM neither runs nor is suspended.
        CapabilityError
            The backend has no screen.
        """
        return self._wait("screenshot", self._machine.screenshot())

    def send_keys(self, *combinations: str) -> Self:
        """Press keys together and release them; several combinations one after the other.

        Parameters
        ----------
        combinations
            Such as ``"ctrl-alt-f2"``, ``"ret"``, ``"a"``: the names of QEMU's ``QKeyCode``, and
            ``"enter"``, ``"space"``, ``"escape"``, ``"del"`` and the like.

        Raises
        ------
        SpecError
            There is no such key; the hint has names that are near. Nothing was pressed.
        StateError
            The VM does not run.
        CapabilityError
            The backend has no keyboard.
        """
        chords = chords_of(combinations)
        return self._act("send_keys", lambda: self._machine.press(chords))

    def type(self, text: str) -> Self:
        r"""Type a text on the guest's keyboard, which it takes for one with the US layout.

        It is typed at about 25 characters a second, so that the guest loses none.

        Parameters
        ----------
        text
            Of the characters on such a keyboard; ``"\n"`` is the Enter key, ``"\t"`` the Tab key.

        Raises
        ------
        SpecError
            A character is on no key. Nothing was typed.
        StateError
            The VM does not run.
        CapabilityError
            The backend has no keyboard.
        """
        chords = chords_for(text)
        return self._act("type", lambda: self._machine.press(chords))

    def wait_for_screen_text(
        self, pattern: str | re.Pattern[str], timeout: float = WAIT_TIMEOUT_S
    ) -> Self:
        """Wait until the screen shows something that matches `pattern`, as tesseract reads it.

        It takes a second or more to read a screen, and letters that look alike are mistaken at
        times: look for a word, rather than for signs and numbers.

        Parameters
        ----------
        pattern
            A regular expression, sought in the text of the whole screen.
        timeout
            In seconds.

        Raises
        ------
        SpecError
            It is no regular expression.
        StateError
            The VM does not run, or ended before.
        DeadlineError
            It was not in time; the message has the text that was seen last.
        CapabilityError
            The backend has no screen, or there is no tesseract on this machine.
        """
        return self._act("wait", lambda: screen_shows(self._live, pattern, timeout))


class AsyncScreen(AsyncFacade):
    """The awaitable twin of :class:`Screen`."""

    async def screenshot(self) -> Picture:
        """See :meth:`vmnb.VM.screenshot`."""
        return await self._wait(self._live.machine.screenshot())

    async def send_keys(self, *combinations: str) -> None:
        """See :meth:`vmnb.VM.send_keys`."""
        await self._wait(self._live.machine.press(chords_of(combinations)))

    async def type(self, text: str) -> None:
        """See :meth:`vmnb.VM.type`."""
        await self._wait(self._live.machine.press(chords_for(text)))

    async def wait_for_screen_text(
        self,
        pattern: str | re.Pattern[str],
        timeout: float = WAIT_TIMEOUT_S,  # noqa: ASYNC109 - as for the blocking twin
    ) -> None:
        """See :meth:`vmnb.VM.wait_for_screen_text`."""
        await self._wait(screen_shows(self._live, pattern, timeout))
