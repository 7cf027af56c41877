"""The seed as an ISO image."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import pycdlib

__all__ = ["write_iso"]

_LABEL = "cidata"
_PRIVATE = 0o600
_FOR_ALL = 0o100644


def write_iso(path: Path, documents: Mapping[str, str]) -> None:
    """Write an ISO image as cloud-init's NoCloud data source looks for it.

    Only this user can read it, for what is in it may hold passwords. Inside, every file can be
    read by all, as in one that ``cloud-localds`` makes.

    Parameters
    ----------
    path
        Where to; there must be no such file yet.
    documents
        The text of each file by its name, such as ``user-data``.
    """
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=_LABEL)
    for name, text in documents.items():
        data = text.encode()
        plain = name.replace("-", "_").upper()
        iso.add_fp(
            io.BytesIO(data),
            len(data),
            f"/{plain}.;1",
            rr_name=name,
            joliet_path=f"/{name}",
            file_mode=_FOR_ALL,
        )
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "w+b") as file:
        iso.write_fp(file)
    iso.close()
