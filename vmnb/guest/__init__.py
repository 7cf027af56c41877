"""Acting inside the guest: by its agent, by SSH, or by a shell on its serial console."""

from vmnb.guest.agent import GuestAgent
from vmnb.guest.agent_way import AgentWay
from vmnb.guest.choose import FirstReady
from vmnb.guest.command import Command
from vmnb.guest.live_text import LiveText
from vmnb.guest.result import CommandError, CommandTimeoutError, RunResult
from vmnb.guest.run import RUN_TIMEOUT_S, run
from vmnb.guest.serial import SerialWay
from vmnb.guest.ssh import SshWay
from vmnb.guest.way import Sink, Via, Way

__all__ = [
    "RUN_TIMEOUT_S",
    "AgentWay",
    "Command",
    "CommandError",
    "CommandTimeoutError",
    "FirstReady",
    "GuestAgent",
    "LiveText",
    "RunResult",
    "SerialWay",
    "Sink",
    "SshWay",
    "Via",
    "Way",
    "run",
]
