"""A private network as an object and a drawing, with VMs that have no guests."""

import asyncio
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

import vmnb
from vmnb import VM, Network
from vmnb.core.errors import SpecError, VmExistsError
from vmnb.core.network import NetworkConfig
from vmnb.lan.files import register_path
from vmnb.notebook.network.members import MEMBER_SCHEMA

HOSTILE = '<script>alert("1")<!-- & é'
WIDGET = "application/vnd.jupyter.widget-view+json"


def svg_of(net: Network) -> ET.Element:
    html = net._repr_mimebundle_()["text/html"]
    return ET.fromstring(html[html.index("<svg") : html.rindex("</svg>") + len("</svg>")])


def words_of(net: Network) -> list[str]:
    return [text.text or "" for text in svg_of(net).iter("{http://www.w3.org/2000/svg}text")]


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


def test_a_network_is_as_good_as_its_configuration() -> None:
    net = Network("lab")
    a = VM("a", network=net, backend="noop")
    assert a.handle.network == net.config == vmnb.private("lab") == NetworkConfig.private("lab")
    VM("a", network=vmnb.private("lab"), backend="noop")
    with pytest.raises(VmExistsError, match="network"):
        VM("a", network=Network("other"), backend="noop")
    assert str(net.subnet).startswith("10.77.")


@pytest.mark.parametrize("name", ["", "two words", "1st", "sixteen-letters-", "../x", 7])
def test_a_name_that_fits_no_network_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="name of a network"):
        Network(name)


def test_its_members_are_the_vms_of_that_network() -> None:
    net = Network("lab")
    assert dict(net.members.dtypes.astype(str)) == dict(MEMBER_SCHEMA)
    VM("b", network=net, backend="noop").start()
    VM("a", network=net, backend="noop")
    VM("c", network=Network("other"), backend="noop")
    table = net.members
    assert table[["name", "state", "address"]].values.tolist() == [
        ["b", "running", ""],
        ["a", "prepared", ""],
    ]
    assert table.mac.is_unique


def test_rules_are_kept_until_they_are_lifted_and_go_with_the_vms() -> None:
    net = Network("lab")
    a, b = (VM(name, network=net, backend="noop") for name in "ab")
    net.delay = "0.2s"
    net.block("a", b)
    net.block(a)
    again = Network("lab")
    assert again.delay == "200 ms"
    assert repr(again) == (
        "<Network 'lab': a prepared, b prepared; each frame takes 200 ms; a blocked; "
        "a and b blocked from each other>"
    )
    assert again.members.blocked.tolist() == [True, False]
    net.unblock("b", "a")
    net.unblock("b")
    assert "a blocked>" in repr(net)
    net.block()
    assert net.members.blocked.tolist() == [True, True]
    net.unblock()
    net.delay = "0"
    assert repr(net) == "<Network 'lab': a prepared, b prepared>"
    assert not register_path("lab").exists()


def test_what_was_ruled_of_a_vm_goes_with_it() -> None:
    net = Network("lab")
    with VM("a", network=net, backend="noop"), VM("b", network=net, backend="noop"):
        net.block("a", "b")
        net.block("a")
    assert not register_path("lab").exists()


@pytest.mark.parametrize("vms", [("nobody",), ("a", "a"), ("a", "b", "c"), ("a", "stranger")])
def test_what_is_neither_a_vm_of_it_nor_a_pair_cannot_be_blocked(vms: tuple[str, ...]) -> None:
    net = Network("lab")
    VM("a", network=net, backend="noop")
    VM("stranger", backend="noop")
    with pytest.raises(SpecError):
        net.block(*vms)
    assert "blocked" not in repr(net)


def test_a_delay_that_is_no_time_changes_nothing() -> None:
    net = Network("lab")
    for wrong in ("fast", "2 minutes", "61s"):
        with pytest.raises(SpecError, match="delay"):
            net.delay = wrong
    assert net.delay == "0 ms"


def test_every_action_has_an_awaitable_twin() -> None:
    VM("a", network=Network("lab"), backend="noop")

    async def scenario() -> None:
        net = Network("lab").aio
        await net.set_delay("50ms")
        await net.block("a")
        assert await net.delay() == "50 ms"
        topology = await net.members()
        assert [station.blocked for station in topology.stations] == [True]
        await net.unblock("a")
        await net.set_delay("0")

    asyncio.run(scenario())


def test_it_is_a_drawing_with_words_for_all_that_colours_say() -> None:
    net = Network("lab")
    assert "no VM yet" in words_of(net)
    VM("a", network=net, backend="noop").start()
    VM("b", network=net, backend="noop")
    net.block("b")
    words = words_of(net)
    assert {"lab", str(net.subnet), "a", "running", "b", "prepared", "b blocked"} <= set(words)
    assert words.count("✕") == 1
    title = svg_of(net).find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == repr(net)
    net.unblock()
    assert "✕" not in words_of(net)


def test_names_are_text_in_the_drawing() -> None:
    net = Network("lab")
    VM(HOSTILE, network=net, backend="noop")
    VM("x" * 200, network=net, backend="noop")
    words = words_of(net)
    assert "x" * 28 + "…" in words
    assert any(word.startswith("<script>") for word in words)
    assert "script" not in Tags(net._repr_mimebundle_()["text/html"]).found
    assert net.members.name[0] == HOSTILE


def test_a_drawing_that_is_shown_follows_its_vms() -> None:
    net = Network("lab")
    bundle = net._repr_mimebundle_()
    assert bundle["text/plain"] == "<Network 'lab': no VM yet>"
    widget = net._lan.widget
    assert widget is not None
    assert bundle[WIDGET]["model_id"] == widget.model_id
    a = VM("a", network=net, backend="noop")
    assert "a prepared" in widget.value
    a.start()
    assert "a running" in widget.value
    a.destroy()
    assert "no VM yet" in widget.value
    assert Network("lab")._repr_mimebundle_()[WIDGET]["model_id"] == widget.model_id
