"""What a user's VMs may take all together is refused before anything is made."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from vmnb.backends.noop import NoopHypervisor
from vmnb.core.errors import LimitError
from vmnb.core.handle import IMAGE_DISK_MIB, VmHandle
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.store import Store

NewSession = Callable[[], Session]
Limit = Callable[[str], object]


@pytest.fixture
def limit(machine_config: Path) -> Limit:
    """Return what sets the machine's limits."""
    return lambda text: machine_config.write_text(f"[limits]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("vms = 2", VmSpec(name="third")),
        ('memory = "3G"', VmSpec(name="third", memory_mib=1025)),
        ('disk = "10G"', VmSpec(name="third", disk_mib=10 * 1024)),
    ],
)
def test_one_too_many_is_refused_and_leaves_nothing(
    runner: asyncio.Runner, new_session: NewSession, limit: Limit, text: str, last: VmSpec
) -> None:
    limit(text)
    session = new_session()

    async def scenario() -> None:
        await session.open(VmSpec(name="first", disk_mib=1))
        await session.open(VmSpec(name="second"))
        with pytest.raises(LimitError, match=r"'third'(?s:.)*machine\.toml"):
            await session.open(last)
        assert [machine.name for machine in await session.machines()] == ["first", "second"]
        await (await session.attach("first")).destroy()
        await session.open(replace(last, memory_mib=1024, disk_mib=1024))

    runner.run(scenario())


def test_a_vm_that_is_there_is_found_however_low_the_limit_became(
    runner: asyncio.Runner, new_session: NewSession, limit: Limit
) -> None:
    async def scenario() -> None:
        made = await new_session().open(VmSpec(name="web"))
        limit("vms = 1\nmemory = 1")
        assert (await new_session().open(VmSpec(name="web"))).handle == made.handle

    runner.run(scenario())


class LargeImages(NoopHypervisor):
    """A backend whose images have disks of 4 GiB."""

    async def prepare(self, spec: VmSpec) -> VmHandle:
        return (await super().prepare(spec)).with_extra({IMAGE_DISK_MIB: "4096"})


def test_a_disk_that_is_as_large_as_its_image_counts_too(
    runner: asyncio.Runner, store: Store, limit: Limit
) -> None:
    limit('disk = "10G"')
    hypervisor = LargeImages()

    async def scenario() -> None:
        session = Session(store, RouterHypervisor([hypervisor]))
        first, _ = [await session.open(VmSpec(name=name)) for name in ("first", "second")]
        assert first.handle.disk_mib == 4096
        with pytest.raises(LimitError, match="12,288 MiB"):
            await session.open(VmSpec(name="third"))
        assert [record.name for record in store.machines()] == ["first", "second"]
        await session.aclose()

    runner.run(scenario())


def test_processes_that_make_vms_at_once_do_not_pass_the_limit_together(
    store: Store, limit: Limit
) -> None:
    limit("vms = 3")
    code = (
        "import asyncio, sys\n"
        "from vmnb.core.session import Session\nfrom vmnb.core.spec import VmSpec\n"
        "from vmnb.core.errors import LimitError\n"
        "try: asyncio.run(Session().open(VmSpec(name=sys.argv[1]), 'noop'))\n"
        "except LimitError: sys.exit(7)"
    )
    makers = [subprocess.Popen([sys.executable, "-c", code, f"vm {n}"]) for n in range(5)]
    assert sorted(maker.wait(60) for maker in makers) == [0, 0, 0, 7, 7]
    assert len(store.machines()) == 3


def test_the_claim_of_a_process_that_died_takes_nobody_s_place(
    runner: asyncio.Runner, new_session: NewSession, store: Store, limit: Limit
) -> None:
    limit("vms = 1")
    store.claim(VmSpec(name="dead"), "noop")
    runner.run(new_session().open(VmSpec(name="web")))
    assert [record.name for record in store.machines()] == ["web"]
