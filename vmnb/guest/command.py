"""What shall be run in the guest, checked before anything is asked of it."""

import os
import re
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from vmnb.core.checks import fits_utf_8, require_match
from vmnb.core.errors import SpecError

__all__ = ["WORD_MAX", "Command"]

WORD_MAX = 120 * 1024
"""Most bytes in a word of a command: Linux takes 128 KiB (``MAX_ARG_STRLEN``, execve(2))."""

_LOGIN = r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command for the guest; make it by :meth:`of`.

    Parameters
    ----------
    asked
        The command as it was asked for.
    argv
        The program and its arguments.
    stdin
        What it reads, whole or in pieces.
    env
        Variables that it has besides those of the way that it takes.
    cwd
        Absolute, or ``~`` for the user's home, or below that; ``/`` where it is None.
    user
        Who runs it; root where it is None.
    """

    asked: str | tuple[str, ...]
    argv: tuple[str, ...]
    stdin: bytes | AsyncIterable[bytes] = b""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    user: str | None = None

    @classmethod
    def of(
        cls,
        command: str | Sequence[str],
        *,
        stdin: str | bytes | AsyncIterable[bytes] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        user: str | None = None,
    ) -> Self:
        """Return the command: text for the guest's ``/bin/sh``, or a program and its arguments.

        Raises
        ------
        SpecError
            Something of it is not usable.
        """
        if user is not None:
            require_match(user, _LOGIN, "a login name", hint='such as "vm" or "www-data"')
        return cls(
            asked=command if isinstance(command, str) else tuple(_argv(command)),
            argv=tuple(_argv(command)),
            stdin=_stdin(stdin),
            env=_env(env),
            cwd=None if cwd is None else _directory(cwd),
            user=user,
        )


def _argv(command: str | Sequence[str]) -> list[str]:
    argv = ["/bin/sh", "-c", command] if isinstance(command, str) else command
    if not command or not isinstance(argv, list | tuple) or not all(map(_is_word, argv)):
        raise SpecError(
            f"cannot run {command!r:.200}: it is neither a text nor a list of texts",
            hint='run("uname -a") or run(["uname", "-a"])',
        )
    if max(len(word.encode()) for word in argv) > WORD_MAX:
        raise SpecError(
            f"the command has more than {WORD_MAX >> 10} KiB in one word, which no system takes",
            hint="let it be a script: vm.shell_script(text)",
        )
    return list(argv)


def _stdin(
    data: str | bytes | AsyncIterable[bytes] | None,
) -> bytes | AsyncIterable[bytes]:
    if isinstance(data, AsyncIterable):
        return data
    if not isinstance(data, str | bytes | None):
        raise SpecError(f"the input is {data!r:.80}", hint="give it as text or bytes")
    if isinstance(data, str) and not fits_utf_8(data):
        raise SpecError("the input is text that UTF-8 cannot carry", hint="give it as bytes")
    return data.encode() if isinstance(data, str) else data or b""


def _env(env: Mapping[str, str] | None) -> Mapping[str, str]:
    if env is None:
        return {}
    if not isinstance(env, Mapping):
        raise SpecError(f"env is of type {type(env).__name__}", hint='env={"LANG": "C"}')
    for name, value in env.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise SpecError(
                f"{name!r:.80} is not the name of a variable",
                hint="letters, digits and '_', and no digit first",
            )
        if not _is_word(value) or len(value.encode()) > WORD_MAX:  # unnamed: may be a password
            raise SpecError(f"the value of {name} is not a text that can be given to a command")
    return dict(env)


def _directory(cwd: str | os.PathLike[str]) -> str:
    path = os.fspath(cwd) if isinstance(cwd, str | os.PathLike) else cwd
    if not _is_word(path) or not re.match(r"/|~(/|$)", path):
        raise SpecError(
            f"cwd is {cwd!r:.200}", hint='a directory of the guest: "/srv", "~" or "~/work"'
        )
    return path


def _is_word(word: object) -> bool:
    """Whether `word` can be an argument: text that UTF-8 can carry, without a zero character."""
    return isinstance(word, str) and "\0" not in word and fits_utf_8(word)
