"""How a VM is shown, over the Noop backend."""

import asyncio
import gc
from typing import Any
from weakref import ref

from vmnb import VM
from vmnb.backends.noop import NoopHypervisor
from vmnb.core import runtime
from vmnb.core.state import Action
from vmnb.notebook.card.card import card_of
from vmnb.notebook.live.live import Live

WIDGET = "application/vnd.jupyter.widget-view+json"


def _bundle(vm: VM) -> dict[str, Any]:
    bundle: dict[str, Any] = vm._repr_mimebundle_()
    return bundle


async def _rest(live: Live) -> None:
    """Wait until it has taken over all that happened."""
    if live._refreshing is not None:
        await asyncio.wait({live._refreshing})


def test_a_vm_is_widget_html_and_plain_text() -> None:
    bundle = _bundle(VM("web", backend="noop"))
    assert WIDGET in bundle
    assert bundle["text/plain"] == "<VM 'web': prepared, tiny, 1 vCPU, 256 MiB>"
    assert "prepared" in bundle["text/html"]


def test_names_are_text_in_the_html() -> None:
    html = _bundle(VM("<img src=x onerror=alert(1)>", backend="noop"))["text/html"]
    assert "<img" not in html
    assert "&lt;img" in html


def test_the_buttons_are_enabled_by_the_state() -> None:
    vm = VM("web", backend="noop").start()
    actions = card_of(vm._machine)["actions"]
    enabled = {name for name, state in actions.items() if state["enabled"]}
    assert enabled == {"stop", "suspend", "destroy"}
    assert actions["start"]["reason"] == "not while it is running"


def test_a_failure_is_on_the_card() -> None:
    hypervisor = NoopHypervisor()
    vm = VM("web", backend=hypervisor).start()

    async def fail() -> None:
        hypervisor.happen(vm.handle, "panic")

    runtime.run(fail())
    vm.wait_for_state("failed", timeout=30)
    error = runtime.run(Live.of(vm._machine)).card()["error"]
    assert error is not None
    assert error["message"] == "the guest's kernel panicked"


def test_what_is_known_of_a_vm_is_forgotten_with_it() -> None:
    vm = VM("web", backend="noop")
    vm.destroy()
    runtime.run(_rest(vm._live))
    live = ref(vm._live)
    del vm
    VM("other", backend="noop")  # the session forgets what is gone
    gc.collect()
    assert live() is None


def test_a_button_that_fails_says_so_on_the_card() -> None:
    vm = VM("web", backend="noop")
    live = runtime.run(Live.of(vm._machine))
    runtime.run(live.act(Action.SUSPEND))
    error = live.card()["error"]
    assert error is not None
    assert error["title"] == "cannot suspend web"
    html = vm._repr_mimebundle_()["text/html"]
    assert error["message"].replace("'", "&#x27;") in html
    assert error["hint"] in html
    live.dismiss()
    assert live.card()["error"] is None


def test_a_cell_that_is_run_again_shows_the_same_widget() -> None:
    def model() -> str:
        return str(_bundle(VM("web", backend="noop"))[WIDGET]["model_id"])

    assert model() == model()


def test_a_backend_without_a_console_has_none_to_choose_from() -> None:
    vm = VM("web", backend="noop")
    assert vm.consoles == ()
    assert runtime.run(Live.of(vm._machine)).card()["consoles"] == []
