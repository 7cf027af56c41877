"""An ext4 disk whose files belong to root, made by an ordinary user, the same bytes every time."""

import asyncio
import os
import stat
from pathlib import Path

from vmnb.images.command import run
from vmnb.images.tools import Tools

__all__ = ["make_disk"]

_UUID = "766d6e62-0000-4000-8000-74696e790000"
_DATE = "946684800"  # 2000-01-01, in all that the file system dates


async def make_disk(tree: Path, disk: Path, *, size_mib: int, tools: Tools) -> None:
    """Write the files below `tree` to a new ext4 file system in the raw file `disk`.

    Modes, symbolic links and directories are as in `tree`; owner and group are root. The same tree
    gives the same bytes.
    """
    await asyncio.to_thread(_make_blank, disk, size_mib << 20)
    env = {**tools.env, "E2FSPROGS_FAKE_TIME": _DATE, "MKE2FS_CONFIG": os.devnull}
    features = "has_journal,extent,dir_index,filetype,flex_bg,sparse_super,large_file,extra_isize"
    options = f"hash_seed={_UUID},lazy_itable_init=0,lazy_journal_init=0,nodiscard"
    shape = f"-t ext4 -b 4096 -I 256 -m 0 -J size=8 -N 65536 -O none,{features} -U {_UUID}".split()
    mke2fs: list[str | Path] = [await tools.path("mke2fs"), "-qF", *shape, "-E", options, disk]
    await run(mke2fs, env=env)
    script = "\n".join([*await asyncio.to_thread(_commands, tree), ""])
    await run(
        [await tools.path("debugfs"), "-w", "-f", "-", disk],
        stdin=script.encode(),
        cwd=tree,
        env=env,
        banner="debugfs ",
    )


def _make_blank(disk: Path, size_bytes: int) -> None:
    with disk.open("wb") as file:
        file.truncate(size_bytes)


def _commands(tree: Path) -> list[str]:
    """Return the commands that make debugfs copy `tree`, in an order that is always the same."""
    commands = []
    for path in sorted(tree.rglob("*")):
        name = f"/{path.relative_to(tree)}"
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            commands.append(f'symlink "{name}" "{path.readlink()}"')
        elif stat.S_ISDIR(mode):
            commands.append(f'mkdir "{name}"')
            commands.append(f'set_inode_field "{name}" mode 0{mode:o}')
        else:
            commands.append(f'write "{name[1:]}" "{name}"')
    return commands
