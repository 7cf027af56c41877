"""The command ``prune``: what nobody needs any more is removed."""

import argparse
from typing import TYPE_CHECKING

from vmnb.cli.agreed import agreed
from vmnb.cli.codes import FAILED
from vmnb.cli.commands import add_command, add_json
from vmnb.cli.table import print_rows
from vmnb.core import runtime
from vmnb.core.pruning import find_remnants, remove_remnants

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_KEYS = ("kind", "what", "size_bytes", "why")
_COLUMNS = {"kind": "KIND", "what": "WHAT", "size_mib": "MIB", "why": "WHY"}


def add_to(commands: "Commands") -> None:
    """Add the command ``prune``."""
    parser = add_command(
        commands,
        "prune",
        _prune,
        "remove what is left of VMs that are gone, and of what was cached",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be removed")
    add_json(parser)
    parser.add_argument(
        "--images", action="store_true", help="also images that no VM of this data home stands on"
    )


def _prune(arguments: argparse.Namespace) -> int:
    session, images = runtime.session(), arguments.images
    found = runtime.run(find_remnants(session, with_images=images))
    rows = [{key: getattr(each, key) for key in _KEYS} for each in found]
    shown = [row | {"size_mib": f"{row['size_bytes'] / 2**20:.1f}"} for row in rows]
    print_rows(rows if arguments.json else shown, _COLUMNS, as_json=arguments.json)
    if not found and not arguments.json:
        print("there is nothing to remove")
    only_shown = arguments.dry_run or not found or (arguments.json and not arguments.yes)
    if only_shown:
        return 0
    if not arguments.yes and not agreed("remove all of this"):
        return FAILED
    runtime.run(remove_remnants(session, found, with_images=images))
    return 0
