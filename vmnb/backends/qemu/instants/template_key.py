"""What a guest depends on: one that was saved goes on only where all of that is the same."""

import hashlib
import json
from dataclasses import asdict, replace

from vmnb.backends.qemu.program.binary import Qemu
from vmnb.core.handle import VmHandle

__all__ = ["SEED_DIGEST", "template_key"]

SEED_DIGEST = "seed_digest"
"""In the extra facts of a handle: of what cloud-init is told, without names and keys."""


def template_key(handle: VmHandle, qemu: Qemu, shape: str) -> str:
    """Return a name for what a VM is when it first is ready, whatever it is called.

    Parameters
    ----------
    shape
        Of its machine; see :func:`~vmnb.backends.qemu.argv.shape`.
    """
    facts = {
        "machine": shape,
        "image": handle.extra["image_digest"],
        "disk": handle.disk_mib,
        "network": asdict(replace(handle.network, forwards=())),
        "seed": handle.extra.get(SEED_DIGEST),
        "qemu": [qemu.version, qemu.key],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]
