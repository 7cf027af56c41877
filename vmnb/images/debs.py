"""Distribution packages, fetched and unpacked by apt's and dpkg's own tools, without root.

apt is pointed at directories of the user's own. It reads the system's package lists where they
serve, and lists of the user's own where the system has none or they are out of date.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from vmnb.core.errors import ImageError
from vmnb.images.command import find, run

__all__ = ["Apt", "Package", "unpack"]

_HINT_NETWORK = "check that this machine reaches its package source: apt-get update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What apt knows of the version of a package that it would install."""

    name: str
    version: str
    depends: tuple[str, ...]


class Apt:
    """apt with its files in `home`, a directory of the user's that exists.

    Parameters
    ----------
    home
        Where apt keeps what it writes.
    own_lists
        Whether to use package lists in `home` and not the system's.
    """

    def __init__(self, home: Path, *, own_lists: bool = False) -> None:
        tools = [find(name) for name in ("apt-get", "apt-cache", "dpkg-deb")]
        if None in tools:
            raise ImageError(
                "the tiny guest is made of Debian or Ubuntu packages, and this machine has no apt",
                hint='use a disk image that you have, image="/path/to/disk.qcow2", or build the '
                "tiny guest on a machine with apt and copy its directory cache/vmnb/images/tiny",
            )
        self._home = home
        # The user "_apt", to whom apt run by root would hand its downloads over, may not enter the
        # user's directories.
        self._options = ["-o", "APT::Sandbox::User=root", "-o", f"Dir::Cache={home}"]
        # Containers switch apt's index of the lists off; without it each look-up reads them all.
        for name in ("pkgcache", "srcpkgcache"):
            self._options += ["-o", f"Dir::Cache::{name}={name}.bin"]
        if own_lists:
            (home / "lists" / "partial").mkdir(parents=True, exist_ok=True)
            self._options += ["-o", f"Dir::State::lists={home / 'lists'}/"]

    async def update(self) -> None:
        """Fetch the package lists anew, into this user's own."""
        await run(
            ["apt-get", *self._options, "-q", "-o", "Acquire::Languages=none", "update"],
            hint=_HINT_NETWORK,
        )

    async def show(self, names: Iterable[str]) -> dict[str, Package]:
        """Look packages up in the lists; those that are not there are not in the answer."""
        argv = ["apt-cache", *self._options, "--no-all-versions", "show", "--", *names]
        try:
            text = (await run(argv)).decode(errors="replace")
        except ImageError:  # none of them is known
            return {}
        found = map(_parse, filter(str.strip, text.split("\n\n")))
        return {package.name: package for package in found}

    async def closure(self, names: Iterable[str], follow: re.Pattern[str]) -> list[Package]:
        """Look up `names` and all they depend on, as far as the name matches `follow`.

        Raises
        ------
        ImageError
            The lists lack one of them.
        """
        found: dict[str, Package] = {}
        wanted = list(names)
        while wanted:
            found |= (answer := await self.show(wanted))
            if missing := set(wanted) - answer.keys():
                raise ImageError(
                    f"apt knows no package {', '.join(sorted(missing))}", hint=_HINT_NETWORK
                )
            needed = {name for package in answer.values() for name in package.depends}
            wanted = sorted(name for name in needed - found.keys() if follow.match(name))
        return sorted(found.values(), key=lambda package: package.name)

    async def fetch(
        self, packages: Iterable[Package], on_percent: Callable[[float], None] = lambda _: None
    ) -> list[Path]:
        """Download `packages`; apt checks them against its signed lists."""

        def read_status(line: str) -> None:
            if line.startswith("dlstatus:"):
                on_percent(float(line.split(":")[2]))

        folder = Path(tempfile.mkdtemp(prefix="debs-", dir=self._home))
        argv = ["apt-get", *self._options, "-q", "-o", "APT::Status-Fd=1", "download", "--"]
        argv += [f"{package.name}={package.version}" for package in packages]
        await run(argv, cwd=folder, on_line=read_status, hint=_HINT_NETWORK)
        return [folder / name for name in sorted(os.listdir(folder))]  # noqa: PTH208


async def unpack(debs: Iterable[Path], into: Path) -> None:
    """Unpack the files of packages, without running any script of theirs."""
    for deb in debs:
        await run(["dpkg-deb", "-x", deb, into])


def _parse(stanza: str) -> Package:
    fields = dict(re.findall(r"^([A-Za-z0-9-]+): *(.*)$", stanza, re.MULTILINE))
    relations = f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}".split(",")
    first_choices = (relation.split("|")[0].strip() for relation in relations)
    return Package(
        name=fields["Package"],
        version=fields["Version"],
        depends=tuple(re.split(r"[ (:]", choice)[0] for choice in first_choices if choice),
    )
