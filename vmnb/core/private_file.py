"""Small files that are written whole, for this user alone."""

import os
from pathlib import Path
from tempfile import mkstemp

__all__ = ["write_private"]


def write_private(path: Path, text: str) -> None:
    """Write `text`, 0600; at each moment the file has the old or the new."""
    # Of its own, for several may write at once.
    descriptor, new = mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(new).replace(path)
