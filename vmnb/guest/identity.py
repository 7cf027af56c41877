"""Making a guest that was restored from another's memory a machine of its own, from inside."""

import asyncio
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Self

from vmnb.core.checks import require_match
from vmnb.core.errors import AgentError, CloneError, DeadlineError, SpecError
from vmnb.guest.agent import GuestAgent
from vmnb.guest.agent_way import AgentWay
from vmnb.guest.command import Command
from vmnb.guest.result import RunResult, inert
from vmnb.guest.run import run
from vmnb.guest.ssh_key import HostKey
from vmnb.guest.ssh_trust import HostKeys

__all__ = ["TAKE_ON_TIMEOUT_S", "Identity", "take_on", "wake_up"]

TAKE_ON_TIMEOUT_S = 30.0
"""Seconds that a guest is given; an emulated one needs some hundredths."""

_SEED_BYTES = 64
_DATE_S = 10.0
_NOT_RESEEDED = 3
_HOSTNAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_MACHINE_ID = r"(?!0{32})[0-9a-f]{32}"
_MAC = r"[0-9a-f]{2}(:[0-9a-f]{2}){5}"
_KEY = r"[A-Za-z0-9+/]{16,}={0,2}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What makes a machine different from all others; :meth:`fresh` makes one.

    Parameters
    ----------
    hostname
        One label of small letters, digits and hyphens; see :func:`vmnb.core.names.host_name`.
    instead_of
        The host name that it takes the place of; a guest that has another keeps it, since it was
        told so at its first boot. Where it is None, the guest has the new one in any case.
    machine_id
        32 hexadecimal digits.
    macs
        The addresses that its network cards have, and for each the one that it shall have.
    ssh_host_key
        Its SSH server's only key; where it is None, the server keeps those that it has.
    login
        The key, as SSH has it in base64, that might log in, and the one that may now instead of it.
    seed
        64 random bytes, for this one machine; none for a guest whose memory no other has.

    Raises
    ------
    SpecError
        One of them is not of its form.
    """

    hostname: str
    machine_id: str
    macs: Mapping[str, str]
    ssh_host_key: HostKey | None
    seed: bytes = field(repr=False)
    instead_of: str | None = None
    login: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        require_match(self.hostname, _HOSTNAME, "a host name", hint='such as "web-2"')
        require_match(self.machine_id, _MACHINE_ID, "a machine's id", hint="uuid.uuid4().hex")
        for mac in (*self.macs, *self.macs.values()):
            require_match(mac, _MAC, "a card's address", hint='such as "52:54:00:12:34:56"')
        for key in self.login or ():
            require_match(key, _KEY, "a key that may log in", hint="its base64 alone")
        if len(self.seed) not in (0, _SEED_BYTES):
            raise SpecError(
                f"the seed has {len(self.seed)} bytes", hint=f"it has {_SEED_BYTES}, or none"
            )

    @classmethod
    def fresh(
        cls,
        hostname: str,
        *,
        macs: Mapping[str, str] | None = None,
        ssh: bool = False,
        instead_of: str | None = None,
        login: tuple[str, str] | None = None,
        reseeds: bool = True,
    ) -> Self:
        """Return one that no machine had before.

        Parameters
        ----------
        reseeds
            Whether others have the guest's memory, and so its random numbers.
        ssh
            Whether to make a key for its SSH server, too. The first time in a process that takes
            as long as the import of the SSH library, most of a second.

        Raises
        ------
        SpecError
            The host name or an address is not of its form.
        """
        return cls(
            hostname=hostname,
            machine_id=uuid.uuid4().hex,
            macs=dict(macs or {}),
            ssh_host_key=HostKey.make() if ssh else None,
            seed=os.urandom(_SEED_BYTES) if reseeds else b"",
            instead_of=instead_of,
            login=login,
        )


async def take_on(
    agent: GuestAgent,
    identity: Identity,
    *,
    timeout_s: float = TAKE_ON_TIMEOUT_S,
    host_keys: HostKeys | None = None,
) -> None:
    """Let a guest be `identity` from now on; to be called before anybody else gets at it.

    Afterwards its random numbers are its own, its clock shows the host's time, it has its names,
    its cards have their addresses and ask for a lease, and its SSH server shows the new key
    to whoever logs in. Leases and the SSH server are not waited for. Twice does no harm.

    Parameters
    ----------
    timeout_s
        Seconds for everything.
    host_keys
        Gets the key of the SSH server where the guest has one and was given a key.

    Raises
    ------
    CloneError
        Its kernel cannot be made to draw new random numbers, and only the clock was set; or a
        later step failed.
    StateError
        The VM is not running.
    DeadlineError
        It did not happen in time.
    """
    secrets = f"{identity.seed.hex()}\n{' '.join(identity.login or ())}\n"
    if key := identity.ssh_host_key:
        secrets += f"{key.public}\n{key.private}"
    moves = [f"{old}={new}" for old, new in identity.macs.items()]
    words = [identity.hostname, identity.instead_of or "", identity.machine_id, *moves]
    said = await _perform(agent, identity.hostname, words, secrets, timeout_s)
    if "ssh" in said and host_keys is not None and identity.ssh_host_key is not None:
        public = identity.ssh_host_key.public.encode()
        await asyncio.to_thread(host_keys.renew, public)


async def wake_up(agent: GuestAgent, *, timeout_s: float = TAKE_ON_TIMEOUT_S) -> None:
    """Let a guest that was kept for a while be as it was, with fresh randomness and the time.

    Raises
    ------
    CloneError, StateError, DeadlineError
        As for :func:`take_on`.
    """
    await _perform(agent, "the guest", [], f"{os.urandom(_SEED_BYTES).hex()}\n", timeout_s)


async def _perform(
    agent: GuestAgent, name: str, words: list[str], secrets: str, timeout_s: float
) -> list[str]:
    """Run the script, which reads what is secret: arguments are seen and logged."""
    script = await asyncio.to_thread(_script)
    began = time.monotonic()
    await agent.wait_ready(timeout_s)  # first, since the command tells the guest the time
    left_s = timeout_s - (time.monotonic() - began)
    argv = ["/bin/sh", "-c", script, "vmnb", f"{time.time():.6f}", *words]
    command = replace(Command.of(argv, stdin=secrets), asked=f"wake up {name}")
    result = await run(AgentWay(agent), command, timeout_s=left_s)
    said = _checked(result, name).stdout.split()
    if "clock" in said:
        await _set_clock(agent)
    return said


@cache
def _script() -> str:
    return files("vmnb.guest").joinpath("identity.sh").read_text(encoding="utf-8")


def _checked(result: RunResult, name: str) -> RunResult:
    if result.exit_code == _NOT_RESEEDED:
        raise CloneError(
            f"{name!r} would draw the same random numbers as the guest whose memory "
            "it has: its kernel does not hear that it is a copy, and nothing in the guest can "
            "reseed it",
            hint="use an image whose kernel has CONFIG_VMGENID (Debian's generic one has, its "
            "cloud one has not), or install python3 or perl in the guest; or boot it cold",
        )
    if not result.ok:
        said = inert(result.stderr).strip()[-500:]
        raise CloneError(
            f"{name!r} could not be made a machine of its own ({result.outcome}): "
            f"{said or 'no words of why'}",
            hint="look at the guest's disk and its network, or boot it cold",
        )
    return result


async def _set_clock(agent: GuestAgent) -> None:
    """Set the clock to the fraction of a second, where the guest's ``date`` knows none."""
    try:
        await agent.call("guest-set-time", {"time": time.time_ns()})
    except (AgentError, DeadlineError):  # without hwclock(8), and whole seconds have to do
        command = Command.of(["date", "-s", f"@{time.time():.0f}"])
        await run(AgentWay(agent), command, timeout_s=_DATE_S, check=True)
