"""The layers of a VM's disk that nobody needs, and the right to do away with them."""

from collections import Counter
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from vmnb.backends.qemu.disk.layers import chain, layers_in
from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.instants.checkpoints import Checkpoints
from vmnb.backends.qemu.instants.half_done import half_done
from vmnb.core.directory_lock import alone_if_free, shared_in
from vmnb.core.handle import VmHandle

__all__ = ["Spare", "first_spare", "held", "is_deep", "remove_abandoned", "to_tidy"]

_DEEP = 8

_LARGEST_BYTES = 256 << 20
"""One that has more costs more time than it will ever save."""


class Spare(NamedTuple):
    """A layer of which `above` alone has the use, the one that lies on it."""

    layer: Path
    above: Path


def held(handle: VmHandle) -> AbstractContextManager[None]:
    """Let every layer of the VM's disk stay during the body, whatever is done with it elsewhere."""
    return shared_in(WorkFiles.of_handle(handle).directory)


def to_tidy(handle: VmHandle) -> AbstractContextManager[bool]:
    """Give the right to do away with layers to one who may act on the VM; False if some are held.

    It ends with the process at the latest.
    """
    return alone_if_free(WorkFiles.of_handle(handle).directory)


def is_deep(handle: VmHandle) -> bool:
    """Return whether the disk has so many layers that spare ones are worth a moment."""
    return sum(1 for _ in chain(_newest(handle))) > _DEEP


def remove_abandoned(handle: VmHandle) -> None:
    """Remove the layers that are below nothing that is needed: a rewound guest has left them."""
    kept = {layer for top in _tops(handle) for layer in chain(top)}
    for layer in layers_in(_directory(handle)):
        if layer not in kept:
            layer.unlink()


def first_spare(handle: VmHandle) -> Spare | None:
    """Return the newest layer below the running guest that can be merged into the one above.

    No checkpoint begins with it, nothing else lies on it, and no other VM and no template has
    either of the two.
    """
    tops = _tops(handle)
    below = {above: layer for top in tops for above, layer in pairwise(chain(top))}
    uses = Counter(below.values())
    for above, layer in pairwise(chain(_newest(handle))):
        if layer not in tops and uses[layer] == 1 and _is_small(layer) and _is_ours(layer, above):
            return Spare(layer, above)
    return None


def _tops(handle: VmHandle) -> set[Path]:
    """Return the layers from which the guest, or one that is kept, sees its disk."""
    act = half_done(handle)
    tops = {_directory(handle) / name for name in Checkpoints(handle).layer_names()}
    if act is not None and act.layer is not None:
        tops.add(_directory(handle) / act.layer)
    return tops | {_newest(handle)}


def _newest(handle: VmHandle) -> Path:
    return WorkFiles.of_handle(handle).overlay.resolve()


def _directory(handle: VmHandle) -> Path:
    """Return where the layers are, as QEMU is told: without links on the way."""
    return WorkFiles.of_handle(handle).directory.resolve()


def _is_ours(*layers: Path) -> bool:
    return all(layer.stat().st_nlink == 1 for layer in layers)


def _is_small(layer: Path) -> bool:
    return layer.stat().st_blocks * 512 <= _LARGEST_BYTES
