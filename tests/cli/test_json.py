"""JSON for programs: the same keys at every run, errors too, and no secret in it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from vmnb import VM, SshConfig

from .conftest import Vmnb

PASSWORD = "hunter2-secret"


def told(vmnb: Vmnb, *words: str) -> Any:
    done = vmnb(*words, "--json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_list_has_a_vm_in_each_object(vmnb: Vmnb) -> None:
    assert told(vmnb, "list") == []
    VM("web", backend="noop", memory="128M")
    assert told(vmnb, "list") == [
        {
            "name": "web",
            "state": "prepared",
            "backend": "noop",
            "accelerator": "none",
            "image": "tiny",
            "vcpus": 1,
            "memory_mib": 128,
        }
    ]


def test_history_has_times_of_iso_8601(vmnb: Vmnb) -> None:
    VM("web", backend="noop").start()
    first, second = told(vmnb, "history", "web")[:2]
    assert (first["from"], first["to"], second["action"]) == ("preparing", "prepared", "start")
    assert datetime.fromisoformat(first["time"]).utcoffset() is not None
    assert set(first) == {"time", "from", "to", "action", "duration_s", "cause", "detail"}
    heads = vmnb("history", "web").out.split()[:3]
    assert heads == ["TIME", "FROM", "TO"]


def test_a_lab_and_its_forwards(vmnb: Vmnb) -> None:
    Path("lab.toml").write_text('name = "shop"\n[vm.web]\nbackend = "noop"\n')
    assert [row["state"] for row in told(vmnb, "up")] == ["running"]
    (row,) = told(vmnb, "status")
    assert (row["vm"], row["name"], row["forwards"], row["needs"]) == ("web", "shop.web", [], [])


def test_show_has_no_secret_in_any_form(vmnb: Vmnb, homes: Path) -> None:
    disk = homes / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJWFNjdBLZ1ZfbIvQcTIcZ3rG8q0m8vJ6dF2bXl5Qm5k me"
    with VM(
        "web",
        image=disk,
        cloud_init=f"#cloud-config\nhostname: h\npassword: {PASSWORD}\n",
        ssh=SshConfig(user="ada", public_key=public, private_key=f"-----{PASSWORD}-----"),
    ):
        for words in (["show", "web"], ["show", "web", "--json"], ["history", "web", "--json"]):
            done = vmnb(*words)
            assert done.code == 0
            assert PASSWORD not in done.out + done.err
        shown = told(vmnb, "show", "web")
    assert (shown["name"], shown["state"], shown["pid"]) == ("web", "prepared", None)
    assert shown["network"]["mode"] == "user"
    assert shown["ssh"]["user"] == "ada"
    assert set(shown["cloud_init"]) == {"hostname", "instance_id"}


def test_images_are_added_listed_verified_and_removed(
    vmnb: Vmnb, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMNB_CACHE", str(homes / "cache"))
    disk = homes / "disk.img"
    disk.write_bytes(b"a disk of my own".ljust(1 << 20, b"\0"))
    assert told(vmnb, "images", "add", str(disk), "mine")[0]["name"] == "mine"
    for words in (["images"], ["images", "list"], ["images", "verify", "mine"]):
        (row,) = told(vmnb, *words)
        assert (row["name"], row["format"], row["disk_mib"]) == ("mine", "raw", 1.0)
        assert datetime.fromisoformat(row["added"])
    assert json.loads(vmnb("images", "--json", "list").out)  # before the action, too
    assert vmnb("images", "remove", "mine") == (0, "", "")
    assert vmnb("images") == (0, "", "")
    assert told(vmnb, "templates") == []
    assert "debian-12" in {row["name"] for row in told(vmnb, "images", "available")}


def test_an_error_is_told_as_json_too(vmnb: Vmnb) -> None:
    done = vmnb("show", "nope", "--json")
    assert (done.code, done.out) == (3, "")
    assert json.loads(done.err) == {
        "error": {
            "kind": "VmNotFoundError",
            "message": "there is no VM named 'nope'",
            "hint": "make it: VM('nope')",
        }
    }
