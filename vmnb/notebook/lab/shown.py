"""How a lab is shown: a table of its VMs as HTML, and a line of text; both as last known."""

from html import escape

from vmnb.notebook.card.card import size_text
from vmnb.notebook.card.html import html_table, state_badge
from vmnb.notebook.lab.ensemble import Ensemble

__all__ = ["lab_html", "lab_text"]

_HEADS = ("VM", "state", "image", "size", "needs")


def lab_text(ensemble: Ensemble) -> str:
    """Return a line that is the same at every run: no address, no time."""
    states = ", ".join(f"{key} {_state(ensemble, key)}" for key in ensemble.plan.members)
    return f"<Lab {ensemble.plan.name!r}: {states}>"


def lab_html(ensemble: Ensemble) -> str:
    """Return a table with a row for each VM, without scripts."""
    rows = (_cells(ensemble, key) for key in ensemble.plan.members)
    return f"<b>{escape(ensemble.plan.name)}</b>{html_table(_HEADS, rows)}"


def _cells(ensemble: Ensemble, key: str) -> list[str]:
    member = ensemble.plan.members[key]
    size = size_text(member.spec.vcpus, member.spec.memory_mib)
    texts = (escape(text) for text in (member.spec.image, size, ", ".join(member.needs)))
    return [escape(key), state_badge(_state(ensemble, key)), *texts]


def _state(ensemble: Ensemble, key: str) -> str:
    machine = ensemble.machines.get(key)
    return "not made" if machine is None else str(machine.last_state)
