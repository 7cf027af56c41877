"""What a lab file asks for: its VMs, whole and checked, before anything of them is made."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vmnb.arguments import describe
from vmnb.core.errors import SpecError, VmNotFoundError
from vmnb.core.names import checked_name
from vmnb.core.registry import backend_tags
from vmnb.core.spec import VmSpec
from vmnb.lab.document import Document, Problem, read_document
from vmnb.lab.order import find_cycle, with_needs
from vmnb.lab.places import KeyPath
from vmnb.lab.schema import near, shape_problems
from vmnb.lab.values import CONVERSIONS, Step, step

__all__ = ["LabPlan", "Member", "read_plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A VM of a lab.

    Parameters
    ----------
    key
        What the file calls it.
    backend
        A tag; None for what suits the machine.
    needs
        Keys of the VMs that are ready before it starts.
    provision
        What is done in it once it has booted for the first time.
    """

    key: str
    spec: VmSpec
    backend: str | None = None
    needs: tuple[str, ...] = ()
    provision: tuple[Step, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """The VM's name, by which it is attached to."""
        return self.spec.name


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPlan:
    """The VMs of one file.

    Parameters
    ----------
    name
        The lab's own name, or that of the file's directory.
    members
        By their keys, in the order of the file.
    """

    name: str
    document: Document
    members: Mapping[str, Member]

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """For each key the keys of what it needs."""
        return {key: member.needs for key, member in self.members.items()}

    def named(self, names: str | Iterable[str] | None) -> list[str]:
        """Return the keys that are meant, in the order of the file; all for None.

        Raises
        ------
        VmNotFoundError
            The file has no such VM.
        """
        if names is None:
            return list(self.members)
        wanted = {names} if isinstance(names, str) else set(names)
        for name in sorted(wanted - self.members.keys()):
            raise VmNotFoundError(
                f"{self.document.shown} has no VM {name!r}", hint=near(name, self.members)
            )
        return [key for key in self.members if key in wanted]

    def with_needs(self, keys: Iterable[str]) -> list[str]:
        """Return `keys` and all that they need, in the order of the file."""
        wanted = with_needs(self.needs, keys)
        return [key for key in self.members if key in wanted]

    def cite(self, key: str) -> str:
        """Return where the file has the VM: ``lab.toml:12:3``."""
        return self.document.cite(("vm", key))


def read_plan(path: Path) -> LabPlan:
    """Read and check a lab file; nothing is made.

    Raises
    ------
    SpecError
        It cannot be read, or something in it is wrong; the message has every error with its line.
    """
    document = read_document(path)
    document.require_none([*document.problems, *shape_problems(document.value)])
    reader = _Reader(document)
    members = reader.members()
    document.require_none(reader.problems)
    name = document.value.get("name") or document.path.parent.name
    return LabPlan(name=name, document=document, members=members)


class _Reader:
    """Makes VMs of a document whose shape is right, and notes what is wrong with the values."""

    def __init__(self, document: Document) -> None:
        self.problems: list[Problem] = []
        self._folder = document.path.parent
        # In YAML a key with nothing after it is null.
        self._tables = {key: table or {} for key, table in document.value["vm"].items()}
        self._prefix = self._read_prefix(document.value.get("name"))

    def members(self) -> dict[str, Member]:
        members = {key: self._member(key, table) for key, table in self._tables.items()}
        made = {key: member for key, member in members.items() if member is not None}
        self.problems += _same_names(made.values())
        self.problems += self._bad_needs()
        return made

    def _read_prefix(self, name: str | None) -> str:
        if name is None:
            return ""
        try:
            return f"{checked_name(name)}."
        except SpecError as error:
            self._note(("name",), error)
            return ""

    def _member(self, key: str, table: Mapping[str, Any]) -> Member | None:
        name, before = self._prefix + key, len(self.problems)
        arguments = self._arguments(key, table)
        steps = self._steps(key, table.get("provision", ()))
        backend = table.get("backend")
        if backend is not None and backend not in (tags := backend_tags()):
            message = f"there is no backend {backend!r}"
            self.problems.append(Problem(("vm", key, "backend"), message, near(backend, tags)))
        try:
            spec = describe(name, **arguments)
        except SpecError as error:
            self._note(("vm", key), error)
        if len(self.problems) > before:
            return None
        needs = tuple(dict.fromkeys(table.get("needs", ())))
        return Member(key=key, spec=spec, backend=backend, needs=needs, provision=steps)

    def _arguments(self, key: str, table: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments that are right; each is tried alone, so that its line is known."""
        arguments = {}
        for argument in table.keys() & CONVERSIONS.keys():
            try:
                value = CONVERSIONS[argument](table[argument], self._folder)
                describe("vm", **{argument: value})
                arguments[argument] = value
            except SpecError as error:
                self._note(("vm", key, argument), error)
        return arguments

    def _steps(self, key: str, values: Iterable[Any]) -> tuple[Step, ...]:
        steps = []
        for index, value in enumerate(values):
            try:
                steps.append(step(value, self._folder))
            except SpecError as error:
                self._note(("vm", key, "provision", index), error)
        return tuple(steps)

    def _bad_needs(self) -> Iterator[Problem]:
        needs = {key: tuple(table.get("needs", ())) for key, table in self._tables.items()}
        for key, wanted in needs.items():
            for index, need in enumerate(wanted):
                if need not in needs:
                    at = ("vm", key, "needs", index)
                    yield Problem(
                        at, f"{key!r} needs {need!r}, which is not here", near(need, needs)
                    )
        cycle = find_cycle(needs)
        if cycle:
            message = f"these need each other: {' → '.join(cycle)}"
            yield Problem(
                ("vm", cycle[0], "needs"), message, "let one of them need none of the rest"
            )

    def _note(self, at: KeyPath, error: SpecError) -> None:
        self.problems.append(Problem(at, error.message, error.hint))


def _same_names(members: Iterable[Member]) -> Iterator[Problem]:
    """Yield the VMs whose names are one name in Unicode's NFC form."""
    seen: dict[str, str] = {}
    for member in members:
        if seen.setdefault(member.name, member.key) != member.key:
            message = f"the VM {member.name!r} stands here a second time"
            yield Problem(("vm", member.key), message, "give it another name")
