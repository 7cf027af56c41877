"""Programs that the build needs: the machine's own, or unpacked from their packages."""

import re
from pathlib import Path

from vmnb.core.errors import ImageError
from vmnb.images.command import find
from vmnb.images.debs import Apt, unpack

__all__ = ["Tools"]

_PACKAGES = {"mke2fs": "e2fsprogs", "debugfs": "e2fsprogs", "zstd": "zstd"}
_LIBRARIES = re.compile(r"lib(?!c6$|gcc)|zlib")  # the C library must be the machine's own


class Tools:
    """Finds programs on this machine, or fetches their packages and unpacks them in `home`."""

    def __init__(self, apt: Apt, home: Path) -> None:
        self._apt = apt
        self._home = home
        places = [home / "usr" / "lib", home / "lib"]
        self.env = {"LD_LIBRARY_PATH": ":".join(f"{at}/x86_64-linux-gnu" for at in places)}

    async def path(self, program: str) -> Path:
        """Return where `program` is; run it with the variables `env`."""
        if found := find(program) or self._unpacked(program):
            return found
        package = _PACKAGES[program]
        debs = await self._apt.fetch(await self._apt.closure([package], _LIBRARIES))
        await unpack(debs, self._home)
        if found := self._unpacked(program):
            return found
        raise ImageError(f"the package {package} has no {program}", hint=f"install {program}")

    def _unpacked(self, program: str) -> Path | None:
        places = (self._home / folder / program for folder in ("sbin", "usr/sbin", "usr/bin"))
        return next((path for path in places if path.exists()), None)
