"""The states of VMs over time, as pictures, over the Noop backend."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

import vmnb
from vmnb import VM
from vmnb.core import runtime
from vmnb.core.errors import SpecError, VmNotFoundError
from vmnb.notebook.card.card import states_of
from vmnb.notebook.pictures.timeline import Timeline

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<img src=x onerror='x'>&amp;"


def said_in(timeline: Timeline) -> str:
    return ET.fromstring(timeline.svg).findtext(f"{SVG}title") or ""


def test_one_vm_shows_its_states_in_order_and_reads_the_same_at_each_run() -> None:
    vm = VM("web", backend="noop").start().suspend().resume().stop()
    shown = vm.timeline()
    states = "prepared, running, suspended, running, stopped"
    assert repr(shown).removeprefix("<timeline of 'web': preparing, ") == f"{states}>"
    assert states in said_in(shown)
    assert shown._repr_mimebundle_()["text/plain"] == repr(shown)


def test_a_state_has_a_word_where_there_is_room_and_one_for_the_pointer_always() -> None:
    shown = VM("web", backend="noop").start().timeline()
    titles = [title.text or "" for title in ET.fromstring(shown.svg).iter(f"{SVG}title")]
    assert any(title.startswith("running, ") for title in titles)
    assert any(title.startswith("prepared, ") for title in titles)


def test_several_vms_stand_on_one_axis_those_that_are_gone_too() -> None:
    VM("a", backend="noop").destroy()
    a, b = VM("a", backend="noop"), VM("b", backend="noop").start()
    assert repr(vmnb.timeline(b, "a")) == "<timeline of 'b', 'a', 'a'>"
    assert repr(vmnb.timeline()) == "<timeline of 'a', 'a', 'b'>"
    assert repr(vmnb.timeline(a)).startswith("<timeline of 'a': ")
    assert "b: preparing, prepared, running" in said_in(vmnb.timeline())


def test_of_very_many_vms_the_newest_are_shown_and_the_rest_is_told() -> None:
    for number in range(42):
        VM(f"vm{number}", backend="noop").destroy()
    shown = vmnb.timeline()
    assert "'vm1'" not in repr(shown)
    assert "'vm41'" in repr(shown)
    assert "and 2 older VMs" in shown._repr_mimebundle_()["text/html"]


def test_nothing_is_shown_where_there_is_none() -> None:
    assert repr(vmnb.timeline()) == "<timeline of no VM>"
    assert ET.fromstring(vmnb.timeline().svg).get("role") == "img"


def test_a_hostile_name_stays_text() -> None:
    bundle = VM(HOSTILE, backend="noop").timeline()._repr_mimebundle_()
    assert "<img" not in bundle["text/html"]
    assert ET.fromstring(bundle["image/svg+xml"]).find(f".//{SVG}img") is None


@pytest.mark.parametrize(
    ("asked", "error"), [("nobody", VmNotFoundError), (5, SpecError), ("", SpecError)]
)
def test_who_never_was_has_none(asked: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        vmnb.timeline(asked)  # type: ignore[arg-type]


def test_its_twin_can_be_awaited() -> None:
    vm = VM("web", backend="noop")
    assert "prepared" in repr(asyncio.run(vm.aio.timeline()))
    assert "web" in repr(asyncio.run(vm.aio.boot_timeline()))


def test_the_card_has_the_same_states_with_their_times() -> None:
    vm = VM("web", backend="noop").start()
    runtime.run(vm._live.refresh())
    states = vm._live.states()
    assert [state for state, _, _ in states["segments"]][-2:] == ["prepared", "running"]
    assert states["segments"][-1][2] is None
    ends = [end for _, _, end in states["segments"][:-1]]
    assert ends == [start for _, start, _ in states["segments"][1:]]
    assert states_of([])["segments"] == []


def test_a_time_to_wait_must_be_one() -> None:
    with pytest.raises(SpecError, match="timeout"):
        VM("web", backend="noop").boot_timeline(timeout=-1)


def test_a_boot_of_a_vm_without_a_guest_is_what_its_history_has() -> None:
    shown = VM("web", backend="noop").start().boot_timeline()
    assert repr(shown) == "<boot of 'web': hypervisor>"
    assert "no commands in a guest" in shown.notes[0]
