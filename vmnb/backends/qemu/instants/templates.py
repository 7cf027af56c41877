"""The templates of this user, in the cache: each a saved guest with the files of its VM."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vmnb.backends.qemu.files import remove_tree
from vmnb.backends.qemu.instants.keeping import Kept
from vmnb.core.errors import TemplateError
from vmnb.core.lock import is_locked
from vmnb.core.paths import cache_home, private_dir
from vmnb.core.remnant import is_at_rest
from vmnb.core.template import Template

__all__ = ["MAKING", "Templates"]

_AUTOMATIC_MAX = 8
"""More that were made by themselves are not kept: those go that were used longest ago."""

MAKING = "making a template"
"""The name of the lock of who makes one."""

_USED = "used"
_UNFINISHED = ".*-*"


class Templates:
    """All of them, each under the digest of its name."""

    def __init__(self) -> None:
        self.directory = cache_home().absolute() / "templates"

    @property
    def locks(self) -> Path:
        """Where those lock who make one."""
        return self.directory / "locks"

    def all(self) -> tuple[Template, ...]:
        """Return them, oldest first."""
        found = (_template(*each) for each in Kept.all_in(self.directory))
        return tuple(sorted(found, key=lambda each: each.time))

    def named(self, name: str) -> Kept:
        """Return where one of that name is, if there is one."""
        return Kept.named(self.directory, name)

    def new(self, name: str) -> Kept:
        """Return where one of that name is to be kept.

        Raises
        ------
        TemplateError
            There is one already.
        """
        kept = self.named(name)
        if kept.facts() is not None:
            raise TemplateError(
                f"there is a template {name!r} already",
                hint=f"choose another name, or vmnb.templates.remove({name!r}) first",
            )
        private_dir(self.directory)
        return kept

    def get(self, name: str) -> Kept:
        """Return the one of that name.

        Raises
        ------
        TemplateError
            There is none.
        """
        return self._known(name)[0]

    def describe(self, name: str) -> Template:
        """Return what is known of the one of that name."""
        return _template(*self._known(name))

    def use(self, kept: Kept) -> None:
        """Remember that a VM begins from it now."""
        (kept.directory / _USED).touch(mode=0o600)

    def make_room(self) -> None:
        """Remove what was begun and never finished, and what is too many; for who makes one."""
        for left in self.directory.glob(_UNFINISHED):
            remove_tree(left)
        found = Kept.all_in(self.directory)
        automatic = [kept for kept, facts in found if facts["is_automatic"]]
        for kept in sorted(automatic, key=_used)[: -_AUTOMATIC_MAX + 1]:
            kept.remove()

    def unfinished(self) -> list[Path]:
        """Return what was begun to be made or removed and never finished; nobody is at it now."""
        if is_locked(self.locks, MAKING):
            return []
        return [path for path in sorted(self.directory.glob(_UNFINISHED)) if is_at_rest(path)]

    def _known(self, name: str) -> tuple[Kept, dict[str, Any]]:
        kept = self.named(name)
        facts = kept.facts()
        if facts is None:
            names = ", ".join(repr(each.name) for each in self.all())
            raise TemplateError(
                f"there is no template {name!r}",
                hint=f"there are: {names}" if names else 'make one: vm.template("ready")',
            )
        return kept, facts


def _used(kept: Kept) -> datetime:
    return datetime.fromtimestamp((kept.directory / _USED).stat().st_mtime, UTC)


def _template(kept: Kept, facts: dict[str, Any]) -> Template:
    return Template(
        name=facts["name"],
        image=facts["image"],
        vcpus=facts["vcpus"],
        memory_mib=facts["memory_mib"],
        size_bytes=sum(os.lstat(path).st_blocks * 512 for path in kept.directory.iterdir()),
        time=datetime.fromisoformat(facts["time"]),
        used=_used(kept),
        is_automatic=facts["is_automatic"],
    )
