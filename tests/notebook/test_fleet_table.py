"""The table of a fleet: what the page is told and asks for, and what a saved notebook keeps."""

import pytest

from tests.notebook.notebooks import executed
from tests.notebook.test_network import Tags
from vmnb import VM, Fleet
from vmnb.backends.noop import NoopHypervisor
from vmnb.core import runtime
from vmnb.core.state import Action
from vmnb.notebook.fleet.live import FleetState
from vmnb.notebook.fleet.widget import FleetWidget
from vmnb.notebook.widget.talk import Message

HOSTILE = '<script>alert("1")<!-- & é'
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(VM(name, backend="noop") for name in "abc")


def widget_of(fleet: Fleet) -> FleetWidget:
    return FleetWidget.of(tuple(vm._live for vm in fleet))


def told(fleet: Fleet) -> FleetState:
    state: FleetState = widget_of(fleet).fleet
    return state


def shown_states(fleet: Fleet) -> list[str]:
    return [row["state"] for row in told(fleet)["rows"]]


def enabled(fleet: Fleet) -> set[str]:
    return {name for name, state in told(fleet)["actions"].items() if state["enabled"]}


def press(fleet: Fleet, action: str, press_id: str = "1") -> list[Message]:
    """Send what the button does, over a way of the test's own; return the answers."""
    answers: list[Message] = []
    talks = widget_of(fleet).talks(lambda message, _: answers.append(message))
    runtime.run(talks.handle({"kind": "action", "action": action, "id": press_id}, []))
    return answers


def test_a_fleet_has_every_form_in_one_bundle(fleet: Fleet) -> None:
    fleet["b"].start()
    bundle = fleet._repr_mimebundle_()
    assert bundle["text/plain"] == repr(fleet)
    assert bundle[WIDGET]["model_id"] == widget_of(fleet).model_id
    for word in (">a</td>", "running", "prepared", "tiny", "1 vCPU, 256 MiB"):
        assert word in bundle["text/html"]


def test_a_saved_notebook_has_the_table_as_html_and_the_rows_with_the_widget() -> None:
    make = "from vmnb import VM, Fleet\nfleet = Fleet(VM(n, backend='noop') for n in 'ab')\nfleet"
    notebook = executed(make, "fleet.start();")
    (output,) = notebook.cells[0].outputs
    assert output.data["text/plain"] == "<Fleet of 2: a prepared, b prepared>"
    assert ">b</td>" in output.data["text/html"]
    states = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    kept = states[output.data[WIDGET]["model_id"]]["state"]["fleet"]
    assert [(row["name"], row["state"]) for row in kept["rows"]] == [
        ("a", "running"),
        ("b", "running"),
    ]


def test_the_same_vms_are_shown_by_one_widget(fleet: Fleet) -> None:
    again = Fleet(VM.attach(name) for name in "abc")
    assert widget_of(fleet) is widget_of(again)
    assert widget_of(fleet) is not widget_of(fleet[:2])


def test_the_table_follows_what_is_done_by_whatever_way(fleet: Fleet) -> None:
    assert shown_states(fleet) == ["prepared"] * 3
    fleet.start()
    VM.attach("b").suspend()
    assert shown_states(fleet) == ["running", "suspended", "running"]
    up = [row["uptime_since"] is not None for row in told(fleet)["rows"]]
    assert up == [True] * 3
    fleet["c"].destroy()
    assert shown_states(fleet) == ["running", "suspended", "destroyed"]


def test_a_button_can_be_pressed_where_it_is_for_one_vm_at_least(fleet: Fleet) -> None:
    assert enabled(fleet) == {"start"}
    assert told(fleet)["actions"]["stop"]["reason"] == "not while it is prepared"
    fleet["a"].start()
    assert enabled(fleet) == {"start", "suspend", "stop"}
    assert told(fleet)["actions"]["resume"]["reason"] == "there is none to resume"
    fleet["a"].suspend()
    assert enabled(fleet) == {"start", "resume", "stop"}


def test_a_button_acts_on_those_that_allow_it_and_is_answered(fleet: Fleet) -> None:
    fleet[:2].start()
    answers = press(fleet, "suspend")
    assert [message["kind"] for message in answers] == ["action_taken", "action_done"]
    assert shown_states(fleet) == ["suspended", "suspended", "prepared"]
    assert told(fleet)["error"] is None
    press(fleet, "resume", "2")
    press(fleet, "suspend", "1")  # said again, on another way: it was done
    assert shown_states(fleet) == ["running", "running", "prepared"]


def test_there_is_no_button_that_destroys(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    press(fleet, "destroy")
    assert shown_states(fleet) == ["prepared"] * 3
    assert "could not be handled" in caplog.text


def test_what_a_button_could_not_do_is_shown_until_it_is_dismissed() -> None:
    hypervisor = NoopHypervisor()
    fleet = Fleet(VM(name, backend=hypervisor) for name in "ab")
    fleet["a"].start()
    hypervisor.failures[Action.START] = "no power"
    press(fleet, "start")
    error = told(fleet)["error"]
    assert error is not None
    assert error["title"] == "cannot start all of them"
    assert "b: cannot start 'b': no power" in error["message"]
    assert shown_states(fleet) == ["running", "prepared"]
    runtime.run(widget_of(fleet)._talks.handle({"kind": "dismiss"}, []))
    assert told(fleet)["error"] is None


def test_a_vm_that_failed_says_why_in_its_row() -> None:
    hypervisor = NoopHypervisor()
    fleet = Fleet([VM("a", backend=hypervisor).start(), VM("b", backend=hypervisor)])

    async def panic() -> None:
        hypervisor.happen(fleet[0].handle, "panic")

    shown = widget_of(fleet)
    runtime.run(panic())
    fleet[0].wait_for_state("failed", timeout=30)
    runtime.run(fleet[0]._live.refresh())
    shown._show()
    assert [row["trouble"] for row in told(fleet)["rows"]] == ["the guest's kernel panicked", ""]


def test_names_are_text_in_the_html() -> None:
    fleet = Fleet([VM(HOSTILE, backend="noop")])
    html = fleet._repr_mimebundle_()["text/html"]
    assert "script" not in Tags(html).found
    assert told(fleet)["rows"][0]["name"] == HOSTILE


def test_a_closed_table_follows_no_more(fleet: Fleet) -> None:
    widget = widget_of(fleet)
    widget.close()
    fleet.start()
    assert [row["state"] for row in widget.fleet["rows"]] == ["prepared"] * 3
