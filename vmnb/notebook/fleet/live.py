"""A fleet as its table shows it: a row for each VM, the buttons for all, and what went wrong."""

from collections.abc import Callable
from typing import TypedDict

from vmnb.core.errors import VmnbError
from vmnb.core.hypervisor import STOP_TIMEOUT_S
from vmnb.core.listeners import Listeners
from vmnb.core.state import Action
from vmnb.notebook.card.bounds import short_problem
from vmnb.notebook.card.card import ActionState, BusyState, Card, Problem
from vmnb.notebook.fleet.group import Group
from vmnb.notebook.live.live import Live
from vmnb.notebook.live.way_in import way_in

__all__ = ["FleetLive", "FleetState"]

_BUTTONS = (Action.START, Action.SUSPEND, Action.RESUME, Action.STOP)


class FleetRow(TypedDict):
    """See ``FleetRow`` in ``protocol.ts``."""

    name: str
    state: str
    busy: BusyState | None
    address: str
    ways_in: str
    uptime_since: str | None
    trouble: str


class FleetState(TypedDict):
    """See ``Fleet`` in ``protocol.ts``."""

    rows: list[FleetRow]
    actions: dict[str, ActionState]
    error: Problem | None


class FleetLive:
    """What the table of a fleet works with, on the background loop.

    Parameters
    ----------
    lives
        The VMs, in the order of their rows.
    """

    def __init__(self, lives: tuple[Live, ...]) -> None:
        self._lives = lives
        self._problem: Problem | None = None
        self._listeners: Listeners[[]] = Listeners()

    def state(self) -> FleetState:
        """Return what the table says, as last known, without asking anybody."""
        cards = [live.card() for live in self._lives]
        return FleetState(
            rows=[_row(live, card) for live, card in zip(self._lives, cards, strict=True)],
            actions={str(action): _action_state(cards, action) for action in _BUTTONS},
            error=self._problem and short_problem(self._problem),
        )

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change, on the loop; return what ends that."""
        ends = [source.subscribe(listener) for source in self._lives]
        ends.append(self._listeners.add(listener))

        def end() -> None:
            for each in ends:
                each()

        return end

    async def act(self, action: Action) -> None:
        """Do what a button asks for with each VM that allows it; an error is shown in the table."""
        able = [live for live in self._lives if live.card()["actions"][action]["enabled"]]
        group = Group(able)
        actions = {
            Action.START: group.start,
            Action.STOP: lambda: group.stop(STOP_TIMEOUT_S),
            Action.SUSPEND: group.suspend,
            Action.RESUME: group.resume,
        }
        self.dismiss()
        try:
            await actions[action]()
        except VmnbError as error:
            self._problem = Problem(
                title=f"cannot {action} all of them", message=error.message, hint=""
            )
            self._listeners.tell()

    def dismiss(self) -> None:
        """Forget the problem that the table shows."""
        self._problem = None
        self._listeners.tell()


def _row(live: Live, card: Card) -> FleetRow:
    error = card["error"]
    return FleetRow(
        name=card["name"],
        state=card["state"],
        busy=card["busy"],
        address=card["address"],
        ways_in=way_in(live.forwards) if live.forwards else "",
        uptime_since=card["uptime_since"],
        trouble=_first_line(error) if error else "",
    )


def _action_state(cards: list[Card], action: Action) -> ActionState:
    """Return whether a button can be pressed: it can where it is for one VM at least."""
    states = [card["actions"][action] for card in cards]
    enabled = any(state["enabled"] for state in states)
    reasons = {state["reason"] for state in states}
    why = reasons.pop() if len(reasons) == 1 else f"there is none to {action}"
    return ActionState(enabled=enabled, reason="" if enabled else why)


def _first_line(problem: Problem) -> str:
    short = short_problem(problem)
    return next(iter(short["message"].splitlines()), short["title"])
