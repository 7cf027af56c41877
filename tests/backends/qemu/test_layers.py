"""A disk of layers, in its directory and linked into another's."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.disk.layers import (
    chain,
    disk_size_bytes,
    link_chain,
    put_on_top,
)
from vmnb.core.errors import BackendError, StateError
from vmnb.core.spec import VmSpec

Spec = Callable[..., VmSpec]


def test_a_chain_ends_at_the_image(layers: list[Path]) -> None:
    assert list(chain(layers[-1])) == layers[::-1]
    assert {disk_size_bytes(layer) for layer in layers} == {disk_size_bytes(layers[0])}


def test_linked_elsewhere_it_is_the_same_disk_when_the_first_is_gone(
    layers: list[Path],
) -> None:
    elsewhere = layers[0].parent.with_name("other")
    elsewhere.mkdir()
    link_chain(layers[-1], elsewhere)
    names = [layer.name for layer in chain(layers[-1])]
    shutil.rmtree(layers[0].parent)
    assert [layer.name for layer in chain(elsewhere / layers[-1].name)] == names
    shutil.rmtree(elsewhere)


def test_the_newest_is_put_on_top_at_once(layers: list[Path]) -> None:
    disk = layers[0].parent / "disk.qcow2"
    put_on_top(layers[1], disk)
    assert disk.resolve() == layers[1]
    put_on_top(layers[2], disk)
    assert disk.resolve() == layers[2]


def test_what_is_no_layer_any_more_is_said(layers: list[Path]) -> None:
    layers[-1].write_bytes(b"garbage")
    with pytest.raises(BackendError, match="no QCOW2 file any more"):
        list(chain(layers[-1]))


def test_a_vm_of_an_earlier_version_is_not_saved_and_keeps_its_disk(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, spec: Spec
) -> None:
    async def scenario() -> None:
        handle = await hypervisor.prepare(spec())
        disk = handle.overlay
        assert disk is not None
        layer = disk.resolve()
        disk.unlink()
        layer.rename(disk)
        started = await hypervisor.start(handle)
        with pytest.raises(StateError, match="by an earlier vmnb"):
            await hypervisor.checkpoint(started, "never", "")
        assert disk.is_file()
        assert not disk.is_symlink()
        await hypervisor.destroy(started)

    runner.run(scenario())
