"""A unit of the guest's systemd."""

from collections.abc import Sequence
from dataclasses import dataclass

from vmnb.core.checks import require_match
from vmnb.core.errors import GuestError
from vmnb.guest.result import CommandError, RunResult, inert

__all__ = ["UnitActive"]

_NO_SYSTEMD = 69
_ASK = f"""
[ -d /run/systemd/system ] || exit {_NO_SYSTEMD}
said=$(systemctl show --property=LoadState --property=ActiveState --property=SubState -- "$1") ||
    exit 1
echo "$said"
case $said in
    *ActiveState=failed*) systemctl status --no-pager --full --lines=10 -- "$1" ;;
esac
exit 0
"""


@dataclass(frozen=True, slots=True)
class UnitActive:
    """A unit is active.

    Raises
    ------
    SpecError
        No unit can have that name.
    """

    unit: str

    def __post_init__(self) -> None:
        hint = 'such as "ssh" or "network-online.target"'
        require_match(self.unit, r"[A-Za-z0-9:_.\\@-]{1,255}", "the name of a unit", hint=hint)

    @property
    def what(self) -> str:
        """The unit."""
        return f"the unit {self.unit} to be active"

    @property
    def command(self) -> Sequence[str]:
        """It prints the unit's state, and after a failure the last lines of its log."""
        return ("/bin/sh", "-c", _ASK, "sh", self.unit)

    def is_met(self, result: RunResult) -> bool:
        """Return whether it is active; one that has failed stays so."""
        if result.exit_code == _NO_SYSTEMD:
            raise GuestError(
                f"there is no systemd in the guest that could have a unit {self.unit}",
                hint="vm.wait_until_succeeds(…) waits for anything",
            )
        state = _properties(result).get("ActiveState")
        if state == "failed":
            raise GuestError(
                f"the unit {self.unit} has failed in the guest{_status(result)}",
                hint=f'vm.run("journalctl -u {self.unit}") has all of its log',
            )
        return state == "active"

    def seen(self, result: RunResult) -> str:
        """Return the unit's state."""
        said = _properties(result)
        if not said:
            return CommandError(result).message
        if said.get("LoadState") == "not-found":
            return "there was no such unit"
        return inert(f"it was {said.get('ActiveState')} ({said.get('SubState')})")


def _properties(result: RunResult) -> dict[str, str]:
    pairs = (line.partition("=") for line in result.stdout.splitlines()[:3])
    return {key: value for key, _, value in pairs}


def _status(result: RunResult) -> str:
    lines = inert("\n".join(result.stdout.splitlines()[3:])).splitlines()
    return "".join(f"\n  {line}" for line in lines[-25:])
