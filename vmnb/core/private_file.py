"""Small files that are written whole, for this user alone."""

import os
from pathlib import Path
from tempfile import mkstemp

__all__ = ["write_private"]


def write_private(path: Path, text: str, *, durable: bool = False) -> None:
    """Write `text`, 0600; at each moment the file has the old or the new.

    Parameters
    ----------
    durable
        Whether that shall hold although the machine loses its power.
    """
    # Of its own, for several may write at once.
    descriptor, new = mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(new).replace(path)
    except BaseException:
        Path(new).unlink(missing_ok=True)
        raise
