"""A backend whose guest is a shell on a pty of this machine; see :mod:`tests.bench.pty_bridge`."""

from pathlib import Path

from tests.bench.pty_bridge import log_of
from vmnb.backends.noop import NoopHypervisor
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import UnixConsole

__all__ = ["PtyHypervisor"]


class PtyHypervisor(NoopHypervisor):
    """Its VMs have the console of a bridge that runs already.

    Parameters
    ----------
    path
        Where the bridge listens.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._console = UnixConsole(path=Path(path), log=log_of(Path(path)))

    def console_endpoint(self, handle: VmHandle) -> UnixConsole:  # type: ignore[override]
        """Return the bridge's socket and log."""
        return self._console
