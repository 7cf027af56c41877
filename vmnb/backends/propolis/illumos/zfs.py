"""ZFS: volumes cloned from snapshots."""

from vmnb.backends.propolis.illumos.tool import tool
from vmnb.core.errors import BackendError, ImageError

__all__ = ["clone", "destroy", "exists", "grow", "snapshot_size"]


async def snapshot_size(snapshot: str) -> int:
    """Return the size of a volume's snapshot in bytes.

    Raises
    ------
    ImageError
        There is none such.
    """
    volume = snapshot.partition("@")[0]
    try:
        output = await tool("zfs", "list", "-H", "-p", "-o", "volsize", "-t", "snapshot", snapshot)
        return int(output.strip())
    except (BackendError, ValueError) as error:
        raise ImageError(
            f"there is no snapshot {snapshot} of a volume",
            hint=f"make it of a raw image: zfs create -p -V SIZE {volume}; dd if=IMAGE "
            f"of=/dev/zvol/rdsk/{volume} bs=1024k; zfs snapshot {snapshot}",
        ) from error


async def clone(snapshot: str, volume: str) -> None:
    """Make `volume` with the content of `snapshot`."""
    await tool("zfs", "clone", "-p", snapshot, volume)


async def grow(volume: str, size_mib: int) -> None:
    """Let a volume have `size_mib` MiB."""
    await tool("zfs", "set", f"volsize={size_mib}M", volume)


async def exists(volume: str) -> bool:
    """Return whether there is that volume."""
    output = await tool("zfs", "list", "-H", "-o", "name", "-t", "volume")
    return volume in output.splitlines()


async def destroy(volume: str) -> None:
    """Remove a volume, and nothing else."""
    await tool("zfs", "destroy", volume)
