"""How a fleet is shown where no widget runs: a table as HTML, and a line of text; as last known."""

from collections import Counter
from collections.abc import Iterable
from html import escape

from vmnb.core.machine import Machine
from vmnb.notebook.card.card import size_text
from vmnb.notebook.card.html import FONT, html_table, state_badge

__all__ = ["fleet_html", "fleet_text"]

_HEADS = ("VM", "state", "image", "size")
_NAMED = 8
"""VMs that a line of text has by name; of more it has how many are in each state."""


def fleet_text(machines: Iterable[Machine]) -> str:
    """Return a line that is the same at every run: no address, no time."""
    states = [(machine.name, str(machine.last_state)) for machine in machines]
    told = [f"{name} {state}" for name, state in states]
    if len(states) > _NAMED:
        counts = Counter(state for _, state in states)
        told = [f"{count} {state}" for state, count in counts.items()]
    return f"<Fleet of {len(states)}: {', '.join(told)}>"


def fleet_html(machines: Iterable[Machine]) -> str:
    """Return a table with a row for each VM, without scripts."""
    return f'<div style="{FONT}">{html_table(_HEADS, map(_cells, machines))}</div>'


def _cells(machine: Machine) -> list[str]:
    handle = machine.handle
    size = size_text(handle.vcpus, handle.memory_mib)
    badge = state_badge(str(machine.last_state))
    return [escape(machine.name), badge, escape(handle.spec.image), escape(size)]
