"""Random acts of two sessions on one VM: what the table of states says is what happens."""

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.boot_sector import boot_disk
from tests.chaos.left import kill, left_behind, qemus
from tests.chaos.lives import contradictions
from tests.chaos.worker import spec_of
from vmnb.core.errors import StateError, VmNotFoundError
from vmnb.core.session import Session
from vmnb.core.state import LIVE, TRANSITIONS, Action, VmState

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ACTIONS = [action for action in Action if action is not Action.PREPARE]
REACHED = {
    Action.START: VmState.RUNNING,
    Action.STOP: VmState.STOPPED,
    Action.SUSPEND: VmState.SUSPENDED,
    Action.RESUME: VmState.RUNNING,
}
BOUNDS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    stateful_step_count=12,
    suppress_health_check=list(HealthCheck),
)
EXAMPLES = {"noop": 30, "qemu": 8}


class Life(RuleBasedStateMachine):
    """One VM and its model: the state that it should have, None where there is none."""

    backend = "noop"
    image = ""

    def __init__(self) -> None:
        super().__init__()
        self.expected: VmState | None = None
        self.runner = asyncio.Runner()
        self.sessions = (Session(), Session())

    @precondition(lambda self: self.expected is None)
    @rule(who=st.integers(0, 1))
    def make(self, who: int) -> None:
        self.runner.run(self.sessions[who].open(spec_of("vm", self.image), self.backend))
        self.expected = VmState.PREPARED
        self.agree()

    @rule(who=st.integers(0, 1), action=st.sampled_from(ACTIONS))
    def act(self, who: int, action: Action) -> None:
        async def act() -> None:
            machine = await self.sessions[who].attach("vm")
            await (
                machine.stop(timeout_s=0) if action is Action.STOP else getattr(machine, action)()
            )

        target = self.target(action)
        if target is None:
            with pytest.raises(VmNotFoundError if self.expected is None else StateError):
                self.runner.run(act())
        else:
            self.runner.run(act())
            self.expected = None if target is VmState.DESTROYED else target
        self.agree()

    @precondition(lambda self: self.backend == "qemu" and self.expected in LIVE)
    @rule()
    def lose_qemu(self) -> None:
        (pid,) = qemus()
        assert kill(pid)
        self.expected = VmState.FAILED
        self.agree()

    def target(self, action: Action) -> VmState | None:
        """Return where `action` should lead; None where it should be refused."""
        if self.expected is None or REACHED.get(action) is self.expected:
            return self.expected
        return TRANSITIONS[action].get(self.expected)

    def agree(self) -> None:
        """Find that both sessions see what the model says."""
        for session in self.sessions:
            machines = self.runner.run(session.machines())
            assert [each.last_state for each in machines] == [self.expected] * bool(self.expected)

    def teardown(self) -> None:
        if self.expected is not None:
            self.act(0, Action.DESTROY)
        for record in self.sessions[0].store.remembered():
            assert contradictions(self.sessions[0].store.history(record.id)) == []
        for session in self.sessions:
            self.runner.run(session.aclose())
        self.runner.close()
        assert left_behind() == []


@pytest.mark.parametrize("backend", ["noop", "qemu"])
def test_what_the_table_of_states_says_is_what_happens(
    homes: Path, tmp_path: Path, backend: str
) -> None:
    assert os.environ["VMNB_HOME"].startswith(str(homes))

    class OnBackend(Life):
        pass

    OnBackend.backend, OnBackend.image = backend, str(boot_disk(tmp_path / "idle.img"))
    bounds = settings(BOUNDS, max_examples=EXAMPLES[backend])
    run_state_machine_as_test(OnBackend, settings=bounds)
