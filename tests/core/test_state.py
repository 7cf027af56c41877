"""The one table of transitions is what the contract says."""

import pytest

from vmnb.core.errors import StateError
from vmnb.core.state import TRANSITIONS, Action, VmState, allowed_actions, require

S = VmState
CONTRACT = {
    S.PREPARING: {Action.PREPARE: S.PREPARED},
    S.PREPARED: {Action.START: S.RUNNING, Action.DESTROY: S.DESTROYED},
    S.RUNNING: {
        Action.SUSPEND: S.SUSPENDED,
        Action.STOP: S.STOPPED,
        Action.DESTROY: S.DESTROYED,
    },
    S.SUSPENDED: {
        Action.RESUME: S.RUNNING,
        Action.STOP: S.STOPPED,
        Action.DESTROY: S.DESTROYED,
    },
    S.STOPPED: {Action.START: S.RUNNING, Action.DESTROY: S.DESTROYED},
    S.FAILED: {Action.START: S.RUNNING, Action.STOP: S.STOPPED, Action.DESTROY: S.DESTROYED},
    S.DESTROYED: {},
}


@pytest.mark.parametrize("state", VmState)
def test_each_state_allows_what_the_contract_says(state: VmState) -> None:
    rows = {action: row[state] for action, row in TRANSITIONS.items() if state in row}
    assert rows == CONTRACT[state]
    assert allowed_actions(state) == CONTRACT[state].keys()


@pytest.mark.parametrize("state", VmState)
@pytest.mark.parametrize("action", Action)
def test_the_guard_gives_the_target_or_says_what_is_allowed(state: VmState, action: Action) -> None:
    if action in CONTRACT[state]:
        assert require(action, state, "web") is CONTRACT[state][action]
        return
    with pytest.raises(StateError, match=f"cannot {action} 'web': it is {state}") as caught:
        require(action, state, "web")
    for allowed in CONTRACT[state].keys() - {Action.PREPARE}:
        assert allowed in caught.value.hint


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[Action.START][VmState.RUNNING] = VmState.FAILED  # type: ignore[index]
