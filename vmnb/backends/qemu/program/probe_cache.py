"""What was found out about this machine's QEMU, kept so that it is found out once."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from vmnb.core.errors import SpecError
from vmnb.core.paths import cache_home, private_dir

__all__ = ["Facts", "ProbeCache", "file_key"]

Facts = Mapping[str, str]


class ProbeCache:
    """Facts by key, in memory and in the cache home; those who ask at once share one probe."""

    def __init__(self) -> None:
        self._known: dict[str, Facts] = {}
        self._probing = asyncio.Lock()

    async def get(self, key: str, probe: Callable[[], Awaitable[Facts]]) -> Facts:
        """Return the facts of `key`, found by `probe` where nobody did before.

        Parameters
        ----------
        key
            Names all that the facts depend on.
        """
        async with self._probing:
            if key not in self._known:
                facts = await asyncio.to_thread(_read, key)
                if facts is None:
                    facts = await probe()
                    await asyncio.to_thread(_write, key, facts)
                self._known[key] = facts
            return self._known[key]


def file_key(path: Path) -> str:
    """Return text that changes when the file at `path` is another one."""
    info = path.stat()
    return f"{path}|{info.st_size}|{info.st_mtime_ns}"


def _path(key: str) -> Path:
    return cache_home() / "qemu" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _read(key: str) -> Facts | None:
    try:
        kept = json.loads(_path(key).read_text())
        return kept["facts"] if kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(key: str, facts: Facts) -> None:
    # Where nothing can be kept, it is only found out again.
    with suppress(OSError, SpecError):
        target = _path(key)
        private_dir(cache_home())
        private_dir(target.parent)
        with NamedTemporaryFile("w", dir=target.parent, delete=False) as file:
            json.dump({"key": key, "facts": dict(facts)}, file)
        Path(file.name).replace(target)
