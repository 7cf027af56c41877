"""The guest's address, out of what its agent says, which may be anything."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.guest.peer import Peer
from vmnb.backends.qemu.network.address import find_address
from vmnb.backends.qemu.network.agent_address import pick_address
from vmnb.core.errors import AgentError, DeadlineError
from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec

MAC = "52:54:00:01:23:45"


def interface(*addresses: str, mac: str = MAC) -> dict[str, Any]:
    return {"hardware-address": mac, "ip-addresses": [{"ip-address": a} for a in addresses]}


@pytest.mark.parametrize(
    ("said", "picked"),
    [
        ([interface("fec0::1", "10.0.2.15")], "10.0.2.15"),
        ([interface("127.0.0.1", mac="00:00:00:00:00:00"), interface("10.0.2.15")], "10.0.2.15"),
        ([interface("fe80::1", "2001:db8::1")], "2001:db8::1"),
        ([interface("10.0.2.15", mac="52:54:00:00:00:01")], None),
        ([interface("169.254.1.1")], None),
        ([interface("0.0.0.0", "nonsense")], None),
        ([{"hardware-address": MAC}, {"hardware-address": MAC, "ip-addresses": [None, 1]}], None),
        ([], None),
        ({"not": "a list"}, None),
        ("text", None),
    ],
)
def test_the_cards_best_address_is_picked_and_nonsense_is_passed_over(
    said: object, picked: str | None
) -> None:
    found = pick_address(said, MAC)
    assert (None if found is None else str(found)) == picked


def ask(folder: Path, *answers: dict[str, Any], timeout_s: float = 60.0) -> str:
    """Return the address of a VM whose agent gives these answers, and then none."""
    handle = VmHandle(
        id="0" * 32,
        backend="qemu",
        spec=VmSpec(name="vm"),
        mac=MAC,
        qmp_socket=folder / "qmp0.sock",
    )
    remaining = iter(answers)

    async def answer(request: dict[str, Any]) -> bytes:
        said = next(remaining, None)
        if said is None:
            await asyncio.Event().wait()
        return json.dumps(said).encode() + b"\n"

    async def scenario() -> str:
        async with Peer(folder / "agent.sock", answer):
            return str(await find_address(handle, timeout_s))

    return asyncio.run(scenario())


def test_the_agent_is_asked_until_the_card_has_an_address(tmp_path: Path) -> None:
    assert ask(tmp_path, {"return": []}, {"return": [interface("10.0.2.15")]}) == "10.0.2.15"


def test_that_the_agent_refuses_is_said_where_there_is_nobody_else_to_ask(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="not today"):
        ask(tmp_path, {"error": {"desc": "not today"}})


def test_that_time_is_out_is_said_with_what_the_agent_knew(tmp_path: Path) -> None:
    with pytest.raises(DeadlineError, match=r"within 0\.1 s: its agent did not answer"):
        ask(tmp_path, timeout_s=0.1)
    with pytest.raises(DeadlineError, match=f"its agent knows of none on the card {MAC}"):
        ask(tmp_path, {"return": []}, timeout_s=0.4)
