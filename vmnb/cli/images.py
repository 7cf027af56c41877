"""The command ``images``: what VMs can be made of, on this machine and elsewhere."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vmnb.cli.commands import add_command, add_json, completed_by
from vmnb.cli.completing import available_images, image_names
from vmnb.cli.table import print_rows
from vmnb.core import runtime

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands
    from vmnb.images.library import LibraryImage

__all__ = ["add_to"]

_COLUMNS = {
    "name": "NAME",
    "format": "FORMAT",
    "disk_mib": "DISK MIB",
    "file_mib": "FILE MIB",
    "added": "ADDED",
    "checked": "CHECKED",
    "source": "SOURCE",
}
_AVAILABLE = {"name": "NAME", "title": "TITLE", "login": "LOGIN", "url": "URL"}


def add_to(commands: "Commands") -> None:
    """Add the command ``images`` and its own commands."""
    images = add_command(commands, "images", _list, "list the images in the cache, and see to them")
    add_json(images)
    below = images.add_subparsers(metavar="ACTION")
    shown = [
        add_command(below, "list", _list, "list the images in the cache"),
        add_command(below, "available", _available, "list what can be pulled by name"),
        pull := add_command(below, "pull", _pull, "bring an image into the cache, or up to date"),
        add := add_command(below, "add", _add, "copy a disk image of your own into the cache"),
        verify := add_command(below, "verify", _verify, "see that every byte is as it came"),
    ]
    for parser in shown:
        add_json(parser, default=argparse.SUPPRESS)  # asked for before the action, it stays so
    completed_by(pull.add_argument("image", metavar="IMAGE", help=_IMAGE), available_images)
    for algorithm in ("sha256", "sha512"):
        pull.add_argument(f"--{algorithm}", metavar="HEX", help="the digest of its file")
    add.add_argument("path", metavar="FILE", type=Path)
    add.add_argument("name", metavar="NAME", help="what it shall be called")
    completed_by(
        verify.add_argument("name", nargs="?", metavar="NAME", help="by default all"), image_names
    )
    remove = add_command(below, "remove", _remove, "forget an image, unless a VM stands on it")
    completed_by(remove.add_argument("name", metavar="NAME"), image_names)


_IMAGE = "a name that `vmnb images available` lists, or an address by https, http or oci"


def _list(arguments: argparse.Namespace) -> int:
    from vmnb.notebook.images.actions import every

    return _show(runtime.run(every()), arguments)


def _available(arguments: argparse.Namespace) -> int:
    from vmnb.images.catalogue import catalogue
    from vmnb.notebook.images.rows import available_row

    rows = [available_row(entry)._asdict() for entry in catalogue().values()]
    print_rows(rows, _AVAILABLE, as_json=arguments.json)
    return 0


def _pull(arguments: argparse.Namespace) -> int:
    from vmnb import images

    image = images.pull(arguments.image, sha256=arguments.sha256, sha512=arguments.sha512)
    return _show([image], arguments)


def _add(arguments: argparse.Namespace) -> int:
    from vmnb import images

    return _show([images.add(arguments.path, arguments.name)], arguments)


def _verify(arguments: argparse.Namespace) -> int:
    from vmnb.notebook.images.actions import verify

    return _show(runtime.run(verify(arguments.name)), arguments)


def _remove(arguments: argparse.Namespace) -> int:
    from vmnb import images

    images.remove(arguments.name)
    return 0


def _show(images: Sequence["LibraryImage"], arguments: argparse.Namespace) -> int:
    from vmnb.notebook.images.rows import image_row

    print_rows([image_row(each)._asdict() for each in images], _COLUMNS, as_json=arguments.json)
    return 0
