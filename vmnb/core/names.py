"""What a VM may be called, and what its guest is called after it."""

import re
import unicodedata

from vmnb.core.errors import SpecError

__all__ = ["checked_name", "host_name"]

NAME_MAX = 200
"""Longest name in characters."""


def checked_name(name: str) -> str:
    """Return `name` in Unicode's NFC form, in which names are kept and compared.

    Raises
    ------
    SpecError
        It is no name for a VM; the message says why.
    """
    if not isinstance(name, str):
        raise SpecError(f"the name {name!r} is not text", hint='VM("web")')
    name = unicodedata.normalize("NFC", name)
    problem = _name_problem(name)
    if problem:
        shown = name if len(name) <= 40 else f"{name[:40]}…"
        raise SpecError(
            f"the name {shown!r} {problem}",
            hint=f"use 1 to {NAME_MAX} printable characters, no '/', "
            "and neither '-' nor '.' as the first",
        )
    return name


def host_name(name: str) -> str:
    """Return a host name made from a VM's name: letters, digits and hyphens (RFC 1123)."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:63].rstrip("-") or "vm"


def _name_problem(name: str) -> str | None:
    if not name:
        return "is empty"
    if len(name) > NAME_MAX:
        return f"has {len(name)} characters"
    if not name.isprintable():
        return "has characters that cannot be printed"
    if "/" in name:
        return "has a '/'"
    if name[0] in "-.":
        return f"begins with {name[0]!r}"
    if name != name.strip():
        return "begins or ends with a space"
    return None
