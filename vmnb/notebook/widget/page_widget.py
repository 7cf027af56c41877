"""What every widget of the package is: traits that follow VMs, and talks with the page.

A message from the page is only handed to the background loop; nothing here waits for a VM.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import anywidget
import traitlets

from vmnb.core import runtime
from vmnb.notebook.kernel.comm import is_marimo, take
from vmnb.notebook.widget.assets import bootstrap
from vmnb.notebook.widget.bundle_talk import BundleTalk
from vmnb.notebook.widget.knock_talk import KnockTalk
from vmnb.notebook.widget.socket_talk import SocketTalk
from vmnb.notebook.widget.talk import Message, Send, Talk
from vmnb.notebook.widget.talks import Talks
from vmnb.notebook.widget.wire import Wire

__all__ = ["PageWidget"]


class PageWidget(anywidget.AnyWidget):
    """The kernel's side of ``frontend/src/kernel/protocol.ts``.

    Each kind of widget has its own :meth:`told` and :meth:`subjects`.

    Parameters
    ----------
    subscribe
        Lets a listener hear of each change; returns what ends that.
    traits
        Those that stay as they are.
    """

    esm: ClassVar[str] = "bootstrap"
    """The module of the page's side, see :func:`vmnb.notebook.widget.assets.bootstrap`."""

    layout_kind = traitlets.Unicode("card").tag(sync=True)
    reach = traitlets.Dict({"control": "", "advice": ""}).tag(sync=True)

    def __init__(
        self, subscribe: Callable[[Callable[[], None]], Callable[[], None]], **traits: Any
    ) -> None:
        self._unsubscribe: Callable[[], None] = lambda: None  # closed too where it was never made
        self._release: Callable[[], None] = lambda: None
        super().__init__(_esm=bootstrap(self.esm), **self.told(), **traits)
        self._wire = Wire(self.send)
        self._talks = self.talks(self._wire.send)
        self._unsubscribe = subscribe(self._show)
        self.on_msg(lambda _, content, buffers: self._receive(content, buffers))
        reach = take(self.comm, self._receive)
        self._release = reach.release
        self.reach = reach.for_page()

    def told(self) -> dict[str, Any]:
        """Return the traits that change: what the page is told, and the notebook keeps."""
        raise NotImplementedError

    def subjects(self, send: Send) -> Sequence[Talk]:
        """Return the widget's own talks with the pages that `send` reaches."""
        raise NotImplementedError

    def talks(self, send: Send) -> Talks:
        """Return all talks with the pages that `send` reaches."""
        return Talks(
            BundleTalk(send),
            KnockTalk(send),
            SocketTalk(self, self.model_id, send),
            *self.subjects(send),
        )

    @property
    def is_for_one_cell(self) -> bool:
        """Whether no other cell can show it: marimo takes a widget away with its cell."""
        return is_marimo(self.comm)

    def close(self) -> None:
        """Take it from the page; the VMs go on as they are."""
        self._unsubscribe()
        self._release()
        super().close()

    def _show(self) -> None:
        if getattr(self.comm, "_closed", False):  # marimo does so, and tells nobody
            self.close()
            return
        with self.hold_sync():
            for name, value in self.told().items():
                self.set_trait(name, value)

    def _receive(self, content: Message, buffers: Sequence[memoryview]) -> None:
        runtime.submit(self._talks.handle(content, self._wire.bytes_of(content, buffers)))
