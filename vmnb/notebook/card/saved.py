"""What a saved notebook keeps of a VM where no widget runs: an output that is kept true.

Next to the widget's output each cell has one of plain HTML, which :data:`HIDING` hides while the
widget is shown. It is written anew, under its display id, when the VM or its console has changed;
at a cell's end at once, since whoever executes a notebook listens no longer than that.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import WeakSet

from vmnb.core import runtime
from vmnb.core.errors import VmnbError
from vmnb.core.state import VmState
from vmnb.notebook.card.html import static_card
from vmnb.notebook.card.replay import UNRECORDED_BYTES, packed
from vmnb.notebook.live.live import Live
from vmnb.notebook.widget.lull import Lull

__all__ = ["Output", "Saved", "pages"]

_log = logging.getLogger(__name__)

_SETTLED_S = 1.0
_APART_S = 4.0
_SPEAKING_S = 10.0  # what a console says meanwhile waits for a pause, not between two keys
_LOOK_S = 2.0
_REPLAY_BYTES = 256 * 1024
_TEXT_CHARACTERS = 16_000
_AFTER_CELL = "post_run_cell"

HIDING = """\
<style>
:root:has(.vmnb[data-saved="{key}"]) .vmnb-kept[data-saved="{key}"],
.jp-OutputArea-child:has(.vmnb[data-saved="{key}"]) + .jp-OutputArea-child:has(.vmnb-kept),
.jp-OutputArea-child:not(:has(.vmnb)):has(+ .jp-OutputArea-child .vmnb-kept[data-saved="{key}"])
{{ display: none }}
</style>"""
"""Either the widget or the saved form; in JupyterLab neither leaves an empty row."""

Output = tuple[dict[str, Any], dict[str, Any]]
"""Data by MIME type, and metadata."""


class Saved:
    """The saved form of a VM, in as many cells as show it.

    Attributes
    ----------
    key
        The display id; the widget has it too, so that only one of both is seen.
    is_stale
        Whether something has changed since it was published.
    """

    def __init__(self, live: Live) -> None:
        self.key = uuid.uuid4().hex
        self._live = live
        self._replay = ""
        self._published: Output | None = None
        self.is_stale = False
        self._lull = Lull(self._begin_renewing, quiet_s=_SETTLED_S, apart_s=_APART_S)
        self._renewing: asyncio.Task[None] | None = None
        self._ends: list[Callable[[], None]] = []

    def show(self) -> None:
        """Show it in the cell that runs, and keep it true from now on."""
        _watch_cells()
        data, metadata = self._published = self._output()
        pages().publish(data, metadata, transient={"display_id": self.key})
        if self not in _kept:
            _kept.add(self)
            runtime.submit(self._follow())

    async def aclose(self) -> None:
        """Leave it as it is."""
        _kept.discard(self)
        for end in self._ends:
            end()
        self._lull.cancel()
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    async def settle(self) -> Output | None:
        """Return what is to be published now; None where nothing has changed."""
        if not self.is_stale:
            return None
        self.is_stale = False
        with suppress(VmnbError, TimeoutError):
            await self._look()
        output = self._output()
        if output == self._published:
            return None
        self._published = output
        return output

    def publish(self, output: Output) -> None:
        """Let every cell that shows it have this."""
        data, metadata = output
        pages().publish(data, metadata, transient={"display_id": self.key}, update=True)
        # A page that was loaded again knows no display ids; the widget is shown there all the same.
        for widget in tuple(self._live.widgets.values()):
            widget.send({"kind": "saved", "output": {"data": data, "metadata": metadata}})

    async def _follow(self) -> None:
        """Hear of what changes; the console is opened, as by a page that shows it."""
        self._ends.append(self._live.subscribe(self._changed))
        with suppress(VmnbError):
            console = await self._live.console()
            self._ends.append(console.subscribe(partial(self._changed, _SPEAKING_S)))
        self._changed()

    def _changed(self, within_s: float = _SETTLED_S) -> None:
        self.is_stale = True
        self._lull.note(within_s)

    def _begin_renewing(self) -> None:
        self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        try:
            if output := await self.settle():
                self.publish(output)
        except Exception:  # noqa: BLE001 - nobody awaits this task: the log is where it is told
            _log.exception("what a notebook saves of %r is not renewed", self._live.machine.name)

    async def _look(self) -> None:
        """Take over what the console has said by now."""
        live = self._live
        if live.machine.last_state is VmState.DESTROYED:
            return
        async with asyncio.timeout(_LOOK_S):
            console = await live.console()
            await console.restore()
            cast = console.replay(_REPLAY_BYTES, live.machine.name)
            self._replay = await asyncio.to_thread(packed, cast, UNRECORDED_BYTES)

    def _output(self) -> Output:
        live = self._live
        card = static_card(live.card(), live.rows(), live.consoles.text()[-_TEXT_CHARACTERS:])
        key = self.key
        html = f'{HIDING.format(key=key)}<div class="vmnb-kept" data-saved="{key}">{card}</div>'
        replay = live.recorded or self._replay
        facts = {"name": live.machine.name, "key": key} | ({"replay": replay} if replay else {})
        return {"text/html": html}, {"vmnb": facts}


def pages() -> Any:
    """Return what publishes to this kernel's pages.

    Raises
    ------
    NotImplementedError
        This is no kernel; IPython shows a thing in another way then.
    """
    shell = _shell()
    if not hasattr(shell, "kernel"):
        raise NotImplementedError
    return shell.display_pub


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _watch_cells() -> None:
    events = _shell().events
    if _end_of_cell not in events.callbacks[_AFTER_CELL]:
        events.register(_AFTER_CELL, _end_of_cell)


def _end_of_cell(*_: Any) -> None:
    """Publish what has changed, as part of the cell."""
    changed = [saved for saved in tuple(_kept) if saved.is_stale]
    if not changed:
        return
    try:
        for saved, output in zip(changed, runtime.run(_settled(changed)), strict=True):
            if output:
                saved.publish(output)
    except Exception:  # noqa: BLE001 - the cell itself went well
        _log.exception("what the notebook saves of its VMs is not renewed")


async def _settled(changed: list[Saved]) -> list[Output | None]:
    return await asyncio.gather(*(saved.settle() for saved in changed))


_kept: "WeakSet[Saved]" = WeakSet()
