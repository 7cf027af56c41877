"""The NoCloud seed, read back by the library that reads ISO images."""

import io
import json
import stat
from pathlib import Path

import pycdlib
import pytest

from vmnb.core.cloud_init import CloudInitConfig
from vmnb.seed import write_seed

USER_DATA = "#cloud-config\n# é☃\nusers: []\n"


def read_back(path: Path) -> tuple[str, dict[str, bytes]]:
    iso = pycdlib.PyCdlib()
    iso.open(str(path))
    files: dict[str, bytes] = {}
    for tree in ("joliet_path", "rr_path"):
        for name in ("user-data", "meta-data"):
            data = io.BytesIO()
            iso.get_file_from_iso_fp(data, **{tree: f"/{name}"})
            assert files.setdefault(name, data.getvalue()) == data.getvalue()
    label = iso.pvd.volume_identifier.decode().strip()
    iso.close()
    return label, files


def test_the_seed_has_the_label_and_files_that_cloud_init_looks_for(tmp_path: Path) -> None:
    config = CloudInitConfig(user_data=USER_DATA)
    write_seed(tmp_path / "seed.iso", config, instance_id="i-1", hostname="web")
    label, files = read_back(tmp_path / "seed.iso")
    assert label == "cidata"
    assert files["user-data"].decode() == USER_DATA
    assert json.loads(files["meta-data"]) == {"instance-id": "i-1", "local-hostname": "web"}


def test_what_the_user_names_comes_first(tmp_path: Path) -> None:
    config = CloudInitConfig(user_data=USER_DATA, instance_id='x:"y"', hostname="db")
    write_seed(tmp_path / "seed.iso", config, instance_id="i-1", hostname="web")
    _, files = read_back(tmp_path / "seed.iso")
    assert json.loads(files["meta-data"]) == {"instance-id": 'x:"y"', "local-hostname": "db"}


def test_only_the_user_can_read_it_and_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "seed.iso"
    write_seed(path, CloudInitConfig(user_data=USER_DATA), instance_id="i-1", hostname="web")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_seed(path, CloudInitConfig(user_data="#!/bin/sh"), instance_id="i-1", hostname="web")
