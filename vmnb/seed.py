"""The NoCloud seed: the small ISO from which cloud-init learns what a machine shall be."""

import io
import json
import os
from pathlib import Path

import pycdlib

from vmnb.core.cloud_init import CloudInitConfig

__all__ = ["write_seed"]

_LABEL = "cidata"
_PRIVATE = 0o600


def write_seed(path: Path, config: CloudInitConfig, *, instance_id: str, hostname: str) -> None:
    """Write the ISO for cloud-init's NoCloud data source.

    Its label and its two files are what the data source looks for; see "NoCloud" in cloud-init's
    documentation. Only this user can read it, for user data may hold passwords.

    Parameters
    ----------
    path
        Where to; there must be no such file yet.
    instance_id, hostname
        Used where `config` names none.
    """
    # JSON is YAML too, and quotes whatever needs it.
    meta_data = {
        "instance-id": config.instance_id or instance_id,
        "local-hostname": config.hostname or hostname,
    }
    files = {"meta-data": json.dumps(meta_data) + "\n", "user-data": config.user_data}
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=_LABEL)
    for name, text in files.items():
        data = text.encode()
        plain = name.replace("-", "_").upper()
        iso.add_fp(
            io.BytesIO(data), len(data), f"/{plain}.;1", rr_name=name, joliet_path=f"/{name}"
        )
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "w+b") as file:
        iso.write_fp(file)
    iso.close()
