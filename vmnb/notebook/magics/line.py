"""What is said on the lines of the magics.

After ``%vm`` or ``%%vm``: options, a VM's name, and a command that is left as it is. After
``%vm_autocheckpoint``: a switch, and a VM's name.
"""

import argparse
import io
import shlex
from dataclasses import dataclass

from vmnb.core.errors import SpecError

__all__ = ["MagicLine", "parse_line", "parse_switch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicLine:
    """What a line says.

    Parameters
    ----------
    name
        Of the VM; None where the line is empty.
    command
        All that follows name and options, with its quotes and blanks.
    timeout
        In seconds; None where it says nothing.
    out
        The variable that takes the result.
    bg
        Whether it runs in the background.
    check
        Whether an exit code other than 0 is an error.
    """

    name: str | None
    command: str
    user: str | None
    timeout: float | None
    out: str | None
    bg: bool
    check: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> "None":  # type: ignore[override]
        raise SpecError(f"cannot read the line of %vm: {message}", hint=self.format_usage().strip())


_PARSER = _Parser(prog="%vm", add_help=False, allow_abbrev=False)
_PARSER.add_argument("--user")
_PARSER.add_argument("--timeout", type=float)
_PARSER.add_argument("--out", metavar="VARIABLE")
_PARSER.add_argument("--bg", action="store_true")
_PARSER.add_argument("--no-check", action="store_false", dest="check")
_PARSER.add_argument("name", nargs="?")
_PARSER.add_argument("command", nargs="?", default="")
_VALUED = ("--user", "--timeout", "--out")


def parse_line(line: str) -> MagicLine:
    """Return what `line` says; options stand before the command.

    Raises
    ------
    SpecError
        An option is not known or lacks its value, or a quote is not closed.
    """
    try:
        words, command = _split(line)
    except ValueError as error:
        raise SpecError(
            f"cannot read the line of %vm: {error}",
            hint="""a name with blanks is quoted: %vm "my web" ls""",
        ) from error
    said = _PARSER.parse_args(words)
    if said.out is not None and not said.out.isidentifier():
        raise SpecError(f"--out {said.out!r} is not a variable's name", hint="such as --out result")
    return MagicLine(**{**vars(said), "command": command})


def parse_switch(line: str) -> tuple[bool | None, str | None]:
    """Return whether `line` says ``on`` or ``off``, and a VM's name; None for what it leaves out.

    Raises
    ------
    SpecError
        It says something else.
    """
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        match list(lexer):
            case []:
                return None, None
            case [("on" | "off") as word]:
                return word == "on", None
            case [("on" | "off") as word, name]:
                return word == "on", name
    except ValueError:  # a quote is not closed
        pass
    raise SpecError(
        f"cannot read the line of %vm_autocheckpoint: {line!r}",
        hint="""%vm_autocheckpoint on, or off; then perhaps a name, quoted if it has blanks""",
    )


def _split(line: str) -> tuple[list[str], str]:
    """Return the words up to the command, and the command as it stands."""
    text = io.StringIO(line)
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    named = value_follows = False
    while (rest := line[text.tell() :].strip()) and (
        not named or value_follows or rest.startswith("--")
    ):
        word = lexer.get_token() or ""
        named = named or not (value_follows or word.startswith("--"))
        value_follows = not value_follows and word in _VALUED
        words.append(word)
    return words, rest
