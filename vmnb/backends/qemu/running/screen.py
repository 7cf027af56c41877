"""A guest's screen and keyboard, as QEMU's monitor has them."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.core.errors import BackendError
from vmnb.core.finish import finish
from vmnb.core.hypervisor import Chord
from vmnb.core.picture import Picture

__all__ = ["press", "take_picture"]

_HOLD_MS = 10
"""Between two of a chord's changes: each key goes down, then each up again."""

_GAP_S = 0.01


async def take_picture(attachment: Attachment, home: Path) -> Picture:
    """Let QEMU write what the screen shows, and return it; nothing of it stays.

    Every QEMU writes PPM, and not every one can do PNG.

    Parameters
    ----------
    home
        A directory of the VM's own, for the moment.
    """
    return await finish(_take_picture(attachment, home))


async def _take_picture(attachment: Attachment, home: Path) -> Picture:
    # A directory for each picture: were QEMU so late that we are gone, it could not write it.
    place = await asyncio.to_thread(_Place, home)
    try:
        await attachment.execute("screendump", filename=str(place.file))
        ppm = await asyncio.to_thread(place.file.read_bytes)
        return Picture.from_ppm(ppm, of=attachment.name)
    except (OSError, ValueError) as error:
        raise BackendError(
            f"QEMU wrote no picture of the screen of {attachment.name!r}: {error}",
            hint="is there room in the directory for sockets (VMNB_RUNTIME)?",
        ) from error
    finally:
        await asyncio.to_thread(place.remove)


class _Place:
    def __init__(self, home: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="screen-", dir=home, ignore_cleanup_errors=True
        )
        self.file = Path(self._folder.name, "picture.ppm")

    def remove(self) -> None:
        self._folder.cleanup()


async def press(attachment: Attachment, chords: Sequence[Chord]) -> None:
    """Press keys no faster than a guest's keyboard, which holds but a few of them, takes them.

    QEMU answers at once, and lets the keys follow one another by the guest's clock.
    """
    for chord in chords:
        keys = [{"type": "qcode", "data": key} for key in chord]
        await attachment.execute("send-key", keys=keys, hold_time=_HOLD_MS)
        await asyncio.sleep(2 * len(chord) * _HOLD_MS / 1000 + _GAP_S)
