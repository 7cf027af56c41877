"""A cell's text as a command for the guest."""

import re

__all__ = ["cell_command"]

_SHEBANG = re.compile(r"#![ \t]*(\S+)(?:[ \t]+(\S.*?))?[ \t\r]*(?:\n|$)")

# The file is gone before the script begins, so that nothing is left however it ends; what reads
# it finds it by the open descriptor.
_RUN = (
    'file=$(mktemp) && cat >"$file" && exec 3<"$file" && rm "$file" && '
    'exec "$@" /proc/self/fd/3 </dev/null'
)


def cell_command(text: str) -> tuple[str | list[str], str | None]:
    """Return the command that runs `text` in a guest, and the command's standard input.

    Text is for ``/bin/sh``, unless its first line names another program as that of an executable
    file does: ``#!`` and an interpreter with at most one argument.
    """
    shebang = _SHEBANG.match(text)
    if shebang is None:
        return text, None
    interpreter = [word for word in shebang.groups() if word]
    return ["/bin/sh", "-c", _RUN, "sh", *interpreter], text
