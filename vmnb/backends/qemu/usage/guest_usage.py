"""What the guest itself says of its memory and its network cards, asked of its agent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vmnb.backends.qemu.argv import AGENT_CHARDEV
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.guest.agent import GuestAgent
from vmnb.guest.agent_file import read_guest_file

__all__ = ["GuestUsage", "ask_guest", "card_bytes", "used_memory_mib"]

_KIB_PER_MIB = 1024
_NUMBER = re.compile(r"[0-9]{1,18}")
_MOST_BYTES = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestUsage:
    """What a guest says; ``card_bytes`` is what the card of each MAC has received and sent."""

    memory_mib: float | None = None
    card_bytes: Mapping[str, tuple[int, int]] = field(default_factory=dict)


async def ask_guest(attachment: Attachment, agent: GuestAgent, timeout_s: float) -> GuestUsage:
    """Ask the agent, and let go of it: other processes may want it.

    Nothing is known where no agent runs.

    Raises
    ------
    AgentError
        It refused.
    StateError, LinkLostError, DeadlineError
        The VM does not run, or does not answer.
    """
    if not await _is_there(attachment):
        return GuestUsage()
    try:
        memory = await read_guest_file(agent, "/proc/meminfo", timeout_s=timeout_s)
        cards = await agent.call("guest-network-get-interfaces", timeout_s=timeout_s)
    finally:
        await agent.aclose()
    return GuestUsage(memory_mib=used_memory_mib(memory), card_bytes=card_bytes(cards))


def used_memory_mib(meminfo: str) -> float | None:
    """Return what is in use by ``/proc/meminfo``, caches that can be given up not counted."""
    lines = (line.split() for line in meminfo.splitlines())
    kib = {words[0]: words[1] for words in lines if len(words) > 1 and _NUMBER.fullmatch(words[1])}
    if "MemTotal:" not in kib or "MemAvailable:" not in kib:
        return None
    return (int(kib["MemTotal:"]) - int(kib["MemAvailable:"])) / _KIB_PER_MIB


def card_bytes(interfaces: Any) -> dict[str, tuple[int, int]]:
    """Return what each card has received and sent; what a guest says may have any shape."""
    found = {}
    for interface in interfaces if isinstance(interfaces, list) else []:
        try:
            counts = interface["statistics"]
            received, sent = counts["rx-bytes"], counts["tx-bytes"]
            mac = interface["hardware-address"]
        except (LookupError, TypeError):
            continue
        if isinstance(mac, str) and _is_count(received) and _is_count(sent):
            found[mac] = (received, sent)
    return found


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_BYTES


async def _is_there(attachment: Attachment) -> bool:
    """Whether something in the guest has the agent's port open, as QEMU knows."""
    ports = await attachment.execute("query-chardev")
    return any(port["label"] == AGENT_CHARDEV and port["frontend-open"] for port in ports)
