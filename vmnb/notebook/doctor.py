"""What this machine can do, as a notebook has it: ``vmnb.doctor()``."""

from dataclasses import dataclass
from html import escape
from typing import Any

from vmnb.core import runtime
from vmnb.diagnosis import Finding, Level, diagnose
from vmnb.notebook.card.html import html_table

__all__ = ["Diagnosis", "doctor"]

_HEADS = ("", "subject", "found", "remedy")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found on this machine; shown in a cell, it is a table."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is bad; there may be warnings."""
        return all(finding.level is not Level.BAD for finding in self.findings)

    def __repr__(self) -> str:
        return "\n".join(map(_line, self.findings))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        rows = (map(escape, _cells(finding)) for finding in self.findings)
        return {"text/plain": repr(self), "text/html": html_table(_HEADS, rows)}


def doctor() -> Diagnosis:
    """Look at what this machine can do, and say what mends what it lacks; nothing is changed.

    The packages are those of this kernel's environment. QEMU's accelerators are tried anew, which
    takes some seconds at most.
    """
    return Diagnosis(runtime.run(diagnose()))


def _cells(finding: Finding) -> tuple[str, ...]:
    return (finding.level, finding.subject, finding.found, finding.remedy)


def _line(finding: Finding) -> str:
    remedy = f" → {finding.remedy}" if finding.remedy else ""
    return f"{finding.level}: {finding.subject}: {finding.found}{remedy}"
