"""illumos' commands, as far as they are used: ``tools.py DIRECTORY NAME ARGUMENT...``."""

import json
import os
import re
import shlex
import shutil
import socket
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

State = dict[str, Any]

_TABLE = """Net to Media Table: IPv4
Device   IP Address               Mask      Flags      Phys Addr
------ -------------------- --------------- -------- ---------------
"""
_LINK = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}(0|[1-9][0-9]*)")
_ZONE = re.compile(r"(?!global$|SUNW)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_ASKING = ("list", "show-link", "show-vnic", "-an")


def fail(message: str) -> NoReturn:
    """End as a command does that failed."""
    sys.stderr.write(f"{message}\n")
    sys.exit(1)


def zoneadm(state: State, arguments: list[str]) -> None:
    """See zoneadm(8)."""
    if arguments == ["list", "-cp"]:
        sys.stdout.write("0:global:running:/::ipkg:shared:0\n")
        for number, (name, zone) in enumerate(state["zones"].items(), 1):
            shown = number if zone["state"] == "running" else "-"
            fields = [shown, name, zone["state"], zone["path"], uuid.uuid4(), "sparse", "excl", 0]
            sys.stdout.write(":".join(map(str, fields)) + "\n")
        return
    _, name, action, *_ = arguments
    if name not in state["zones"]:
        fail(f"zoneadm: {name}: No such zone configured")
    zone = state["zones"][name]
    before, after = _ZONE_ACTIONS[action]
    if zone["state"] != before:
        fail(f"zoneadm: zone '{name}': must be {before} before {action}.")
    root = Path(zone["path"]) / "root"
    if action == "install":
        root.mkdir(parents=True, mode=0o700)
    elif action == "uninstall":
        shutil.rmtree(zone["path"])
    elif action == "boot":
        _ask("serve", _service(root))
    elif action == "halt":
        _ask("end", _service(root))
    zone["state"] = after


_ZONE_ACTIONS = {
    "install": ("configured", "installed"),
    "boot": ("installed", "running"),
    "halt": ("running", "installed"),
    "uninstall": ("installed", "configured"),
}


def zonecfg(state: State, arguments: list[str]) -> None:
    """See zonecfg(8)."""
    _, name, action, argument = arguments
    if not _ZONE.fullmatch(name):
        fail(f"zonecfg: {name}: Invalid zone name")
    if action == "-f":
        text = Path(argument).read_text()
        settings = dict(re.findall(r'^set ([a-z-]+)="([^"]*)"$', text, re.MULTILINE))
        for link in re.findall(r'^set physical="([^"]*)"$', text, re.MULTILINE):
            if link not in state["links"]:
                fail(f"zonecfg: {link}: no such link")
        state["zones"][name] = {"state": "configured", "path": settings["zonepath"]}
    elif state["zones"].get(name, {}).get("state") != "configured":
        fail(f"zonecfg: zone {name} is not configured, or already installed; uninstall it first")
    else:
        del state["zones"][name]


def zfs(state: State, arguments: list[str]) -> None:
    """See zfs(8)."""
    match arguments:
        case ["list", "-H", "-p", "-o", "volsize", "-t", "snapshot", name]:
            if name not in state["snapshots"]:
                fail(f"cannot open '{name}': dataset does not exist")
            sys.stdout.write(f"{state['snapshots'][name]}\n")
        case ["list", "-H", "-o", "name", "-t", "volume"]:
            sys.stdout.writelines(f"{name}\n" for name in state["volumes"])
        case ["clone", "-p", snapshot, name]:
            state["volumes"][name] = {"of": snapshot}
        case ["set", setting, name]:
            state["volumes"][name]["set"] = setting
        case ["destroy", name]:
            if state["volumes"].pop(name, None) is None:
                fail(f"cannot open '{name}': dataset does not exist")
        case _:
            fail(f"unrecognized command: {arguments}")


def dladm(state: State, arguments: list[str]) -> None:
    """See dladm(8)."""
    links = state["links"]
    match arguments:
        case ["show-link", "-p", "-o", "link"]:
            sys.stdout.writelines(f"{name}\n" for name in links)
        case ["show-vnic", "-p", "-o", "link"]:
            vnics = [name for name, link in links.items() if link["class"] == "vnic"]
            sys.stdout.writelines(f"{name}\n" for name in vnics)
        case ["create-vnic", "-l", over, *address, name]:
            if over not in links or name in links or not _LINK.fullmatch(name):
                fail("dladm: vnic creation failed: invalid argument")
            links[name] = {"class": "vnic", "over": over, "mac": address[-1:]}
        case ["delete-vnic", name]:
            if any(z["state"] == "running" for z in state["zones"].values() if name in str(z)):
                fail("dladm: vnic deletion failed: link busy")
            if links.pop(name, None) is None:
                fail("dladm: vnic deletion failed: object not found")
        case _:
            fail(f"dladm: unrecognized subcommand '{arguments[0]}'")


def arp(state: State, arguments: list[str]) -> None:
    """See arp(8)."""
    del arguments
    sys.stdout.write(_TABLE + "".join(f"{line}\n" for line in state["neighbours"]))


def _service(root: Path) -> str:
    """Return where the zone's service listens, by its manifest."""
    manifest = next((root / "var/svc/manifest/site").glob("*.xml")).read_text()
    start = re.search(r'name="start" exec="([^"]*)"', manifest)
    server, verb, _, address = shlex.split(start[1]) if start else [""] * 4
    if (Path(server).name, verb) != ("propolis-server", "run"):
        fail(f"svc.startd: the service has no such method: {start}")
    return address


def _ask(verb: str, address: str) -> None:
    """Let the stand-in start or end a server."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{sys.argv[1]}/servers.sock")
        connection.sendall(f"{verb} {address}\n".encode())
        connection.recv(1)


def main(directory: Path, name: str, arguments: list[str]) -> None:
    """Do what the command `name` does, and remember it."""
    if name == "pfexec":
        os.execvp(arguments[0], arguments)  # noqa: S606 - that is what pfexec does
    if not any(word in _ASKING for word in arguments):
        with (directory / "commands.jsonl").open("a") as file:
            file.write(json.dumps([name, *arguments]) + "\n")
    path = directory / "state.json"
    state = json.loads(path.read_text())
    for words, message in state["faults"].items():
        if message and set(words.split()) <= {name, *arguments}:
            fail(message)
    tools: dict[str, Callable[[State, list[str]], None]] = {
        "zoneadm": zoneadm,
        "zonecfg": zonecfg,
        "zfs": zfs,
        "dladm": dladm,
        "arp": arp,
    }
    tools[name](state, arguments)
    path.write_text(json.dumps(state))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
