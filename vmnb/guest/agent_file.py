"""Reading a small file of the guest by its agent, without a program run there."""

import base64

from vmnb.core.errors import AgentError
from vmnb.guest.agent import GuestAgent

__all__ = ["read_guest_file"]

_MAX = 64 * 1024


async def read_guest_file(agent: GuestAgent, path: str, *, timeout_s: float) -> str:
    """Return the beginning of a file, at most 64 KiB, as text.

    Parameters
    ----------
    timeout_s
        Seconds for each of the three requests that it takes.

    Raises
    ------
    AgentError
        The agent refused, or its answer made no sense.
    StateError, LinkLostError, DeadlineError
        As for :meth:`GuestAgent.call`.
    """
    handle = await agent.call("guest-file-open", {"path": path}, timeout_s=timeout_s)
    try:
        asked = {"handle": handle, "count": _MAX}
        answer = await agent.call("guest-file-read", asked, timeout_s=timeout_s)
        return base64.b64decode(answer["buf-b64"], validate=True).decode(errors="replace")
    except (ValueError, TypeError, LookupError) as error:
        raise AgentError(f"the guest agent's content of {path} is {answer!r:.80}") from error
    finally:
        await agent.call("guest-file-close", {"handle": handle}, timeout_s=timeout_s)
