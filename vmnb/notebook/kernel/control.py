"""Messages taken from the control channel, which ipykernel 6 reads in a thread that no cell blocks.

No front end sends comm messages there by itself; see ``frontend/src/kernel/control.ts``.
"""

import logging
from typing import Any

from vmnb.notebook.kernel.desk import deliver, is_ours

__all__ = ["take_over"]

_log = logging.getLogger(__name__)


def take_over(kernel: Any) -> bool:
    """Take our messages from the control channel; return whether that is possible here."""
    handlers = getattr(kernel, "control_handlers", None)
    if not isinstance(handlers, dict) or getattr(kernel, "control_thread", None) is None:
        return False
    return handlers.setdefault("comm_msg", _handle) is _handle


def _handle(_stream: Any, _identities: Any, message: dict[str, Any]) -> None:
    if is_ours(message["content"]):
        deliver(message["content"], message["buffers"])
    else:
        _log.warning("a comm message on the control channel is for nobody here")
