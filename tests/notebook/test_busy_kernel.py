"""What reaches a widget while a cell blocks its kernel, on each ipykernel that differs there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.kernels import CONTROL, KERNELS, THREAD, install_kernels
from vmnb.notebook.kernel import control, thread
from vmnb.notebook.kernel.comm import Way, take
from vmnb.notebook.widget.typed import Typed

from .kernel import Kernel, Message, kernel_of

slow = [pytest.mark.slow, pytest.mark.timeout(300)]

Start = Callable[[str], Kernel]

CARD = """
from vmnb import VM
vm = VM("web", backend="noop").start()
card = vm._repr_mimebundle_()
"""
FLEET = """
from vmnb import VM, Fleet
fleet = Fleet(VM(name, backend="noop") for name in "ab").start()
card = fleet._repr_mimebundle_()
"""
SOMEBODY = """
import ipywidgets
slider = ipywidgets.IntSlider()
from comm import create_comm
told = []
other = create_comm(target_name="other")
other.on_msg(lambda message: told.append(message["content"]["data"]))
"""
FOREIGN_READER = """
kernel = get_ipython().kernel
thread = kernel.shell_channel_thread
def reading(frames):
    return kernel.shell_channel_thread_main(frames)
thread.io_loop.add_callback(kernel.shell_stream.on_recv, reading, copy=False)
import threading
done = threading.Event()
thread.io_loop.add_callback(done.set)
assert done.wait(60)
"""


@pytest.fixture
def start(homes: Path, image_cache: Path, tmp_path: Path) -> Iterator[Start]:
    """Give what starts a kernel with an ipykernel of that version."""
    install_kernels(tmp_path, image_cache)
    with ExitStack() as stack:
        yield lambda version: stack.enter_context(
            kernel_of(version, tmp_path / "kernels", homes / "fifo")
        )


def card_in(kernel: Kernel, *, cell: str = CARD) -> tuple[str, dict[str, str]]:
    """Make a card; return its comm, and what its page is told of the way to the kernel."""
    kernel.run(cell)
    opened = [m["content"] for m in kernel.heard if m["msg_type"] == "comm_open"]
    comm = next(m["comm_id"] for m in opened if {"card", "fleet"} & m["data"]["state"].keys())
    reach = {"control": "", "advice": ""}
    for message in kernel.heard:
        if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == comm:
            reach = message["content"]["data"].get("state", {}).get("reach", reach)
    return comm, reach


def custom(**content: Any) -> Message:
    return {"method": "custom", "content": content}


def press(action: str) -> Message:
    return custom(kind="action", action=action, id=f"id of {action}")


def state_of(comm: str) -> Callable[[Message], str | None]:
    """Return what finds the state in what a card is told."""

    def state(message: Message) -> str | None:
        if message["msg_type"] != "comm_msg" or message["content"]["comm_id"] != comm:
            return None
        card = message["content"]["data"].get("state", {}).get("card", {})
        return None if card.get("busy") else card.get("state")

    return state


def fleet_states(message: Message, comm: str) -> list[str]:
    """Return the states that a fleet's table is told, if it is told any."""
    if message["msg_type"] != "comm_msg" or message["content"]["comm_id"] != comm:
        return []
    rows = message["content"]["data"].get("state", {}).get("fleet", {}).get("rows", [])
    return [row["state"] for row in rows]


def expect_state(kernel: Kernel, comm: str, state: str) -> None:
    found = state_of(comm)
    kernel.until(lambda message: found(message) == state)


class TestWhileACellBlocks:
    pytestmark = slow

    @pytest.mark.parametrize("version", THREAD)
    def test_a_button_works_whatever_shell_the_page_sends_it_to(
        self, start: Start, version: str
    ) -> None:
        kernel = start(version)
        comm, reach = card_in(kernel)
        assert reach == {"control": "", "advice": ""}
        subshell = kernel.subshell()
        cell = kernel.blocked()
        pressed = kernel.say(comm, press("suspend"))
        expect_state(kernel, comm, "suspended")
        kernel.until_idle(pressed)
        pressed = kernel.say(comm, press("resume"), subshell=subshell)
        expect_state(kernel, comm, "running")
        kernel.until_idle(pressed)
        assert kernel.is_running(cell)
        kernel.let_go()
        kernel.ended(cell)
        assert kernel.run("print(vm.state)") == "running\n"

    def test_a_button_for_a_whole_fleet_works(self, start: Start) -> None:
        kernel = start(THREAD[-1])
        comm, _ = card_in(kernel, cell=FLEET)
        cell = kernel.blocked()
        kernel.say(comm, press("suspend"))
        kernel.until(lambda message: fleet_states(message, comm) == ["suspended"] * 2)
        assert kernel.is_running(cell)
        kernel.let_go()
        kernel.ended(cell)
        assert kernel.run("print(*fleet.states)") == "suspended suspended\n"

    def test_a_button_works_by_the_control_channel(self, start: Start) -> None:
        kernel = start(CONTROL)
        comm, reach = card_in(kernel)
        assert reach["control"] == comm
        assert "ipykernel 7" in reach["advice"]
        cell = kernel.blocked()
        pressed = kernel.say(comm, press("suspend"), channel="control")
        expect_state(kernel, comm, "suspended")
        kernel.until_idle(pressed)
        assert kernel.is_running(cell)
        kernel.let_go()
        kernel.ended(cell)

    def test_what_waits_for_the_cells_end_is_done_then_and_once(self, start: Start) -> None:
        kernel = start(CONTROL)
        comm, _ = card_in(kernel)
        cell = kernel.blocked()
        for _ in range(3):
            kernel.say(comm, press("suspend"))
        kernel.say(comm, press("stop"), channel="control")
        expect_state(kernel, comm, "stopped")
        assert kernel.is_running(cell)
        kernel.let_go()
        kernel.ended(cell)
        actions = kernel.run("print(*vm.history['action'])")
        assert actions == "prepare start stop\n"

    @pytest.mark.parametrize("version", ["7.3.0", "7.4.0"])
    def test_a_reader_of_somebody_else_is_left_in_place_and_subshells_still_help(
        self, start: Start, version: str
    ) -> None:
        kernel = start(version)
        kernel.run(FOREIGN_READER)
        comm, reach = card_in(kernel)
        assert "JupyterLab" in reach["advice"]
        assert kernel.run("print(kernel.shell_stream._recv_callback is reading)") == "True\n"
        subshell = kernel.subshell()
        cell = kernel.blocked()
        kernel.say(comm, press("suspend"), subshell=subshell)
        expect_state(kernel, comm, "suspended")
        assert kernel.is_running(cell)
        kernel.let_go()
        kernel.ended(cell)

    @pytest.mark.parametrize("version", KERNELS)
    def test_all_that_is_not_ours_waits_as_ever_and_arrives(
        self, start: Start, version: str
    ) -> None:
        kernel = start(version)
        comm, _ = card_in(kernel, cell=CARD + SOMEBODY)
        slider, other = kernel.run("print(slider.comm.comm_id, other.comm_id)").split()
        cell = kernel.blocked()
        update = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
        kernel.say(slider, update)
        kernel.say(other, {"method": "custom", "content": "x"})
        kernel.say(comm, {"method": "request_state"})
        kernel.say("nobody", {"method": "custom", "content": {"kind": "knock"}})
        kernel.let_go()
        kernel.ended(cell)
        assert kernel.run("print(slider.value, told)") == f"7 [{custom_x}]\n"

    @pytest.mark.parametrize("version", KERNELS)
    def test_a_closed_card_lets_its_messages_go(self, start: Start, version: str) -> None:
        kernel = start(version)
        comm, _ = card_in(kernel)
        kernel.run("import ipywidgets; ipywidgets.Widget.close_all()")
        kernel.say(comm, press("suspend"))
        assert kernel.run("print(vm.state)") == "running\n"
        desk = kernel.run("from vmnb.notebook.kernel.desk import desk; print(desk)")
        assert desk == "{}\n"


custom_x = {"method": "custom", "content": "x"}


@pytest.mark.parametrize("comm", [None, SimpleNamespace(), SimpleNamespace(comm_id=None)])
def test_a_widget_without_a_kernel_is_taken_as_it_is(comm: Any) -> None:
    reach = take(comm, lambda content, buffers: None)
    assert (reach.way, reach.for_page()["control"]) == (Way.NONE, "")
    reach.release()


@pytest.mark.parametrize(
    "kernel",
    [
        None,
        SimpleNamespace(),
        SimpleNamespace(shell_stream=None, shell_channel_thread=None, control_handlers=None),
        SimpleNamespace(
            shell_stream=SimpleNamespace(_recv_callback=print, _recv_copy=False),
            shell_channel_thread_main=print,
            shell_channel_thread=SimpleNamespace(io_loop=object()),
            control_handlers={"comm_msg": print},
            control_thread=object(),
        ),
    ],
)
def test_a_kernel_that_nobody_knows_is_left_alone(kernel: Any) -> None:
    assert not thread.take_over(kernel)
    assert not control.take_over(kernel)


class TestTyped:
    def test_each_byte_is_new_once(self) -> None:
        typed = Typed()
        assert typed.fresh("v", 0, b"abc") == b"abc"
        assert typed.fresh("v", 0, b"abc") == b""
        assert typed.fresh("v", 1, b"bcde") == b"de"
        assert typed.end("v") == 5

    def test_what_follows_a_gap_is_not_taken(self) -> None:
        typed = Typed()
        assert typed.fresh("v", 3, b"x") == b""
        assert typed.end("v") == 0
        assert typed.fresh("v", 0, b"abcx") == b"abcx"

    def test_a_view_says_where_it_is_only_to_who_does_not_know_it(self) -> None:
        typed = Typed()
        typed.begin("v", 7)
        assert typed.fresh("v", 7, b"x") == b"x"
        typed.begin("v", 7)
        assert typed.fresh("v", 7, b"x") == b""

    def test_views_are_counted_apart_and_in_bounds(self) -> None:
        typed = Typed()
        for number in range(1000):
            typed.fresh(str(number), 0, b"x")
        assert typed.end("999") == 1
        assert typed.end("0") == 0
        typed.forget("999")
        assert typed.end("999") == 0
