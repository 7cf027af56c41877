"""Running an external tool to its end: its output, or an error that says what it said."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from vmnb.core.errors import ImageError

__all__ = ["find", "run"]

_STDERR_LINES = 6
_SYSTEM_DIRS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not on every ordinary user's PATH


def find(program: str) -> Path | None:
    """Return where `program` is, looking also where an administrator's programs are."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_DIRS])
    found = shutil.which(program, path=path)
    return Path(found) if found else None


async def run(
    argv: Sequence[str | Path],
    *,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    banner: str | None = None,
    good_codes: Collection[int] = (0,),
    hint: str = "",
) -> bytes:
    """Run `argv` to its end and return its standard output.

    Parameters
    ----------
    argv
        The program and its arguments; no shell reads them.
    stdin
        What the program reads.
    cwd
        Its working directory.
    env
        Variables in addition to this process's own; messages are always in English (``LC_ALL=C``).
    on_line
        Called with each line of standard output as it comes.
    banner
        For a program that tells of failures by standard error alone: how the one line begins that
        it prints there when all is well.
    hint
        What the user can do when it fails.

    Raises
    ------
    ImageError
        The program is missing or failed. On cancellation the program
        is killed and reaped before the call returns.
    """
    name = Path(argv[0]).name
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", **(env or {})},
        )
    except OSError as error:
        raise ImageError(f"cannot run {name}: {error.strerror}", hint=hint) from error
    try:
        stdout, stderr, _ = await asyncio.gather(
            _read(process.stdout, on_line), _read(process.stderr), _feed(process.stdin, stdin)
        )
        code = await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    said = stderr.decode(errors="replace").strip().splitlines()
    complained = banner is not None and not all(line.startswith(banner) for line in said)
    if code not in good_codes or complained:
        lines = "\n".join(said[-_STDERR_LINES:])
        raise ImageError(f"{name} ended with exit code {code}:\n{lines}", hint=hint)
    return stdout


async def _read(
    stream: asyncio.StreamReader | None, on_line: Callable[[str], None] | None = None
) -> bytes:
    assert stream is not None  # noqa: S101
    if on_line is None:
        return await stream.read()
    lines = []
    async for line in stream:
        lines.append(line)
        on_line(line.decode(errors="replace").rstrip())
    return b"".join(lines)


async def _feed(stream: asyncio.StreamWriter | None, data: bytes) -> None:
    assert stream is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(data)
        await stream.drain()
        stream.close()
        await stream.wait_closed()
