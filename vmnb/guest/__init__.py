"""Acting inside the guest: by its agent, by SSH, or by a shell on its serial console."""

from vmnb.guest.agent import GuestAgent
from vmnb.guest.agent_way import AgentWay
from vmnb.guest.result import CommandError, CommandTimeoutError, RunResult
from vmnb.guest.run import RUN_TIMEOUT_S, run
from vmnb.guest.way import Via

__all__ = [
    "RUN_TIMEOUT_S",
    "AgentWay",
    "CommandError",
    "CommandTimeoutError",
    "GuestAgent",
    "RunResult",
    "Via",
    "run",
]
