"""A command that runs in a guest while the notebook goes on."""

from concurrent.futures import CancelledError, Future

from vmnb.guest import RunResult

__all__ = ["Job"]


class Job:
    """A command in the background; it ends with the kernel.

    Parameters
    ----------
    what
        The VM's name.
    future
        Of the run; cancelling it kills the command in the guest.
    """

    def __init__(self, what: str, future: "Future[RunResult]") -> None:
        self._what = what
        self._future = future

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._future.done()

    def result(self, timeout: float | None = None) -> RunResult:
        """Wait for its end and return what it left.

        Parameters
        ----------
        timeout
            In seconds; without one it waits as long as the command may take.

        Raises
        ------
        TimeoutError
            It goes on.
        CancelledError
            It was cancelled.
        VmnbError
            As :meth:`vmnb.VM.run` raises.
        """
        return self._future.result(timeout)

    def cancel(self) -> None:
        """Kill the command in the guest; nothing happens where it has ended."""
        self._future.cancel()

    def __repr__(self) -> str:
        return f"<command in {self._what!r}: {self._state()}>"

    def _state(self) -> str:
        if not self.done:
            return "running"
        try:
            return self.result().outcome
        except CancelledError:
            return "cancelled"
        except Exception as error:  # noqa: BLE001 - a repr never raises
            return (str(error) or type(error).__name__).splitlines()[0]
