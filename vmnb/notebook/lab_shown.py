"""How a lab is shown: a table of its VMs as HTML, and a line of text; both as last known."""

from html import escape

from vmnb.notebook.card import vcpus_text
from vmnb.notebook.ensemble import Ensemble
from vmnb.notebook.html import state_badge

__all__ = ["lab_html", "lab_text"]

_HEADS = ("VM", "state", "image", "size", "needs")


def lab_text(ensemble: Ensemble) -> str:
    """Return a line that is the same at every run: no address, no time."""
    states = ", ".join(f"{key} {_state(ensemble, key)}" for key in ensemble.plan.members)
    return f"<Lab {ensemble.plan.name!r}: {states}>"


def lab_html(ensemble: Ensemble) -> str:
    """Return a table with a row for each VM, without scripts."""
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    rows = "".join(f"<tr>{_cells(ensemble, key)}</tr>" for key in ensemble.plan.members)
    return f"<b>{escape(ensemble.plan.name)}</b><table><tr>{heads}</tr>{rows}</table>"


def _cells(ensemble: Ensemble, key: str) -> str:
    member = ensemble.plan.members[key]
    size = f"{vcpus_text(member.spec.vcpus)}, {member.spec.memory_mib} MiB"
    texts = (escape(text) for text in (member.spec.image, size, ", ".join(member.needs)))
    cells = (escape(key), state_badge(_state(ensemble, key)), *texts)
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _state(ensemble: Ensemble, key: str) -> str:
    machine = ensemble.machines.get(key)
    return "not made" if machine is None else str(machine.last_state)
