"""Which layers of a disk nobody needs, and which stay."""

import json
import os
from pathlib import Path

import pytest

from vmnb.backends.qemu.disk.layers import chain, layers_in, new_layer
from vmnb.backends.qemu.disk.spare_layers import Spare, first_spare, held, remove_abandoned, to_tidy
from vmnb.backends.qemu.program.binary import Qemu
from vmnb.backends.qemu.program.qemu_img import create_layer
from vmnb.core.handle import VmHandle

Layered = tuple[VmHandle, list[Path]]


def keep(handle: VmHandle, layer: Path) -> None:
    """Have a checkpoint that begins with `layer`, as far as its facts tell."""
    assert handle.work_dir is not None
    directory = handle.work_dir / "checkpoints" / layer.stem
    directory.mkdir(parents=True)
    (directory / "facts.json").write_text(json.dumps({"layer": layer.name}))


def test_the_newest_below_the_running_one_goes_first(layered: Layered) -> None:
    handle, layers = layered
    assert first_spare(handle) == Spare(layer=layers[1], above=layers[2])


def test_one_that_a_checkpoint_begins_with_stays_and_takes_the_one_below(
    layered: Layered,
) -> None:
    handle, layers = layered
    keep(handle, layers[1])
    assert first_spare(handle) == Spare(layer=layers[0], above=layers[1])
    keep(handle, layers[0])
    assert first_spare(handle) is None


def test_one_that_another_branch_lies_on_stays(layered: Layered, qemu: Qemu) -> None:
    handle, layers = layered
    branch = new_layer(layers[0].parent)
    create_layer(branch, qemu, layers[1])
    keep(handle, branch)
    assert first_spare(handle) == Spare(layer=layers[0], above=layers[1])


@pytest.mark.parametrize("shared", [1, 2])
def test_one_that_another_vm_has_too_stays(layered: Layered, shared: int) -> None:
    handle, layers = layered
    os.link(layers[shared], layers[shared].with_suffix(".link"))
    spare = first_spare(handle)
    assert spare is None or layers[shared] not in spare
    assert (spare is None) == (shared == 1)


def test_a_large_one_stays(layered: Layered) -> None:
    handle, layers = layered
    with layers[1].open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, 257 << 20)
    assert first_spare(handle) == Spare(layer=layers[0], above=layers[1])


def test_those_below_nothing_that_is_needed_are_removed(layered: Layered, qemu: Qemu) -> None:
    handle, layers = layered
    kept, left = (new_layer(layers[0].parent) for _ in range(2))
    for layer in (kept, left):
        create_layer(layer, qemu, layers[1])
    keep(handle, kept)
    remove_abandoned(handle)
    assert set(layers_in(layers[0].parent)) == {*layers, kept}
    assert handle.overlay is not None
    assert list(chain(handle.overlay.resolve())) == layers[::-1]


def test_none_is_done_away_with_while_some_are_held(layered: Layered) -> None:
    handle, _ = layered
    with held(handle):
        with held(handle), to_tidy(handle) as is_free:
            assert not is_free
        with to_tidy(handle) as is_free:
            assert not is_free
    with to_tidy(handle) as is_free:
        assert is_free
