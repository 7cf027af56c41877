"""What a guest must be told when it wakes up: the time, and who it is."""

from vmnb.core.handle import VmHandle

__all__ = ["become_another", "wake_up"]


async def become_another(handle: VmHandle) -> None:
    """Make a copy another machine than the one that it is a copy of."""


async def wake_up(handle: VmHandle) -> None:
    """Tell a guest that was kept for a while the time; its randomness is fresh by itself."""
