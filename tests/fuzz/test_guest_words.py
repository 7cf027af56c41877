"""What guests say in words and in JSON: of any shape, and never more than it may mean."""

import json
import math
from ipaddress import ip_address
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from vmnb.backends.qemu.network.agent_address import pick_address
from vmnb.backends.qemu.network.best_address import usable
from vmnb.backends.qemu.usage.guest_usage import card_bytes, used_memory_mib
from vmnb.core.errors import GuestError
from vmnb.guest.boot_facts import parse_boot, printk_stamp
from vmnb.guest.listening import listeners
from vmnb.guest.live_text import LiveText
from vmnb.guest.result import RunResult, inert
from vmnb.guest.unit import UnitActive

from .inputs import JSON, LINES, MANY, refused_in_words, texts_of

MAC = "52:54:00:01:23:45"
CARD = JSON("ip-address", "hardware-address", "ip-addresses", "statistics", "rx-bytes", "tx-bytes")
COUNTS = st.fixed_dictionaries({"rx-bytes": JSON(), "tx-bytes": JSON()})


@given(st.lists(JSON("ip-address")) | JSON("ip-address"))
@MANY
def test_no_address_is_taken_that_is_none_or_this_machines_own(addresses: Any) -> None:
    found = pick_address([{"hardware-address": MAC, "ip-addresses": addresses}], MAC)
    if found is not None:
        assert str(found) in json.dumps(addresses)
        assert usable(found)
        assert str(found).isascii()
        assert str(found).isprintable()
        assert ip_address(str(found)) == found


@given(CARD | st.lists(CARD))
@MANY
def test_no_address_is_that_of_another_card(said: Any) -> None:
    assert pick_address(said, MAC) is None


@given(st.lists(st.fixed_dictionaries({"hardware-address": JSON(), "statistics": COUNTS}) | CARD))
@example([{"hardware-address": MAC, "statistics": {"rx-bytes": 10**400, "tx-bytes": 1}}])
@example([{"hardware-address": MAC, "statistics": {"rx-bytes": -1, "tx-bytes": True}}])
@MANY
def test_counts_are_counts(said: Any) -> None:
    for counts in card_bytes(said).values():
        assert all(0 <= float(count) < 2**64 for count in counts)


@given(
    st.lists(
        st.tuples(texts_of("MemTotal:", "MemAvailable:"), texts_of("1024", "9" * 400)).map(" ".join)
    ).map("\n".join)
)
@example("MemTotal: " + "9" * 5000 + "\nMemAvailable: 1")
@example("MemTotal: " + "9" * 400 + "\nMemAvailable: 1")
@MANY
def test_memory_is_a_number_or_not_known(meminfo: str) -> None:
    used = used_memory_mib(meminfo)
    assert used is None or math.isfinite(used)


PARTS = st.tuples(
    texts_of("@uptime", "@printk", "@systemd", "@now", "@cloud-init"),
    LINES
    | texts_of(
        "1.5 2",
        "[    1.0] Run /init as init process",
        "FinishTimestampMonotonic=" + "9" * 5000,
        "UserspaceTimestampMonotonic=15",
        '{"v1": {"init": {"start": 1e300, "finished": "x"}}}',
    ),
)


@given(st.lists(PARTS.map("\n".join), max_size=8).map("\n".join))
@example("@uptime\n1.5\n2.5\n@systemd\nFinishTimestampMonotonic=" + "9" * 5000)
@example("@uptime\n1.5\n2.5\n@now\n9\n@cloud-init\n" + "[" * 100_000)
@MANY
def test_the_moments_of_a_boot_are_moments(said: str) -> None:
    boot = parse_boot(said)
    times = (boot.init_s, boot.userspace_s, boot.finished_s) if boot else ()
    assert all(time is None or 0 <= time < 1e10 for time in times)
    printk_stamp(said)


@given(LINES | st.from_regex(r" *\d+: [0-9A-F]{0,34}:[0-9A-F]{4} ", fullmatch=True))
@MANY
def test_a_table_of_what_listens_may_be_nonsense(table: str) -> None:
    for address, port in listeners(table):
        assert str(address)
        assert 0 <= port < 65536


@given(st.binary(max_size=80) | LINES.map(lambda line: line.encode(errors="replace")))
@MANY
def test_the_state_of_a_unit_may_be_nonsense(said: bytes) -> None:
    unit = UnitActive("ssh.service")
    result = RunResult(command="x", exit_code=0, stdout_bytes=said)
    with refused_in_words(GuestError) as words:
        assert unit.is_met(result) in (True, False)
        words.append(unit.seen(result))
    assert "\x1b]" not in "".join(words)


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"\x1b", b"[31m", b"]52;c;eA==\a"])))
@MANY
def test_text_for_a_terminal_only_colours_it(pieces: list[bytes]) -> None:
    live = LiveText()
    shown = "".join(map(live.feed, pieces)) + live.feed(b"", last=True)
    for text in (shown, inert(b"".join(pieces).decode(errors="replace"))):
        for part in text.split("\x1b")[1:]:
            assert part.startswith("[")
            assert part[1:].lstrip("0123456789;").startswith("m")
