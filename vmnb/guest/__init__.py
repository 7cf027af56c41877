"""Acting inside the guest: its agent, and running commands through it."""

from vmnb.guest.agent import GuestAgent
from vmnb.guest.result import CommandError, CommandTimeoutError, RunResult
from vmnb.guest.run import RUN_TIMEOUT_S, run

__all__ = ["RUN_TIMEOUT_S", "CommandError", "CommandTimeoutError", "GuestAgent", "RunResult", "run"]
