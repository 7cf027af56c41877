"""What the kernel counts of a process, by the /proc of real ones."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from vmnb.backends.qemu.usage.usage import read_usage, tap_bytes
from vmnb.core.process import identify

HUNGRY = """
import sys, threading
held = bytearray(64 << 20)
for start in range(0, len(held), 4096):
    held[start] = 1
def burn():
    for _ in range(3_000_000):
        pass
thread = threading.Thread(target=burn)
thread.start()
thread.join()
idle = threading.Thread(target=sys.stdin.read)
idle.start()
print(idle.native_id, flush=True)
"""
MIB = 64


class Child:
    """A process that has burned some CPU in a thread that is gone, and holds 64 MiB."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process = process
        self.idle_thread = int(process.stdout.readline())
        self.identity = identify(process.pid)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with subprocess.Popen(
        [sys.executable, "-c", HUNGRY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Child(process)
        process.communicate()


def test_it_has_used_cpu_and_holds_memory(child: Child) -> None:
    usage = read_usage(child.identity, [child.process.pid, child.idle_thread], pss=True)
    assert usage.cpu_s > 0.02
    main_s, idle_s = usage.threads_s
    assert 0 <= idle_s <= usage.cpu_s
    assert main_s <= usage.cpu_s
    assert usage.memory_mib >= MIB
    assert usage.pss_mib is not None
    assert MIB <= usage.pss_mib <= usage.memory_mib


def test_shares_of_pages_are_counted_only_where_they_are_asked_for(child: Child) -> None:
    assert read_usage(child.identity, [], pss=False).pss_mib is None


def test_a_thread_that_is_gone_has_used_nothing_that_can_be_told(child: Child) -> None:
    assert read_usage(child.identity, [2**22], pss=False).threads_s == (0.0,)


def test_another_process_with_the_same_number_is_never_read(child: Child) -> None:
    earlier = replace(child.identity, start=child.identity.start - 1)
    with pytest.raises(ProcessLookupError, match="another"):
        read_usage(earlier, [], pss=False)


def test_a_process_that_is_over_is_said_to_be_so() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = identify(process.pid)
    process.communicate(b"\n")
    for use in (lambda: read_usage(identity, [], pss=True), lambda: tap_bytes(identity)):
        with pytest.raises(ProcessLookupError):
            use()


def test_a_process_without_a_tap_interface_has_none() -> None:
    with pytest.raises(ProcessLookupError, match="no tap interface"):
        tap_bytes(identify(os.getpid()))
