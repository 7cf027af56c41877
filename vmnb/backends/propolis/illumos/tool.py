"""Running illumos' own commands."""

import asyncio

from vmnb.core.errors import BackendError, BackendUnavailableError, DeadlineError, ImageError
from vmnb.images.command import find, run

__all__ = ["require_illumos", "tool"]

_PATIENCE_S = 900.0  # a zone that is installed may be copied whole


async def tool(*argv: str) -> str:
    """Run a command with the rights that this user's profiles give (pfexec(1)); return its output.

    Raises
    ------
    BackendError
        It is missing or failed.
    DeadlineError
        It did not end within 15 minutes, and was killed.
    """
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return (await run(["pfexec", *argv])).decode(errors="replace")
    except TimeoutError as error:
        raise DeadlineError(
            f"{' '.join(argv)} did not end within {_PATIENCE_S:g} s", hint="is the system stuck?"
        ) from error
    except ImageError as error:
        raise BackendError(
            f"cannot {' '.join(argv)}: {error.message}",
            hint="it takes the rights of root, or the profiles Zone Management, Network Link "
            "Management and ZFS File System Management",
        ) from error


def require_illumos() -> None:
    """Raise BackendUnavailableError where there are no zones."""
    if find("zoneadm") is None:
        raise BackendUnavailableError(
            "the propolis backend makes zones, and this machine has none",
            hint="use it on illumos, or on a server that runs: PropolisHypervisor(url=…)",
        )
