"""The command ``prune``: what nobody needs any more is removed."""

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vmnb.cli.agreed import agreed
from vmnb.cli.commands import add_command
from vmnb.cli.table import table
from vmnb.core import runtime
from vmnb.core.pruning import find_remnants, remove_remnants
from vmnb.core.remnant import Remnant

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_HEADS = ("KIND", "WHAT", "MIB", "WHY")


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
    parser.add_argument(
        "--json", action="store_true", help="show it as JSON; only with --yes is anything removed"
    )
    parser.add_argument(
        "--images", action="store_true", help="also images that no VM of this data home stands on"
    )


def _prune(arguments: argparse.Namespace) -> int:
    session, images = runtime.session(), arguments.images
    found = runtime.run(find_remnants(session, with_images=images))
    print(_as_json(found) if arguments.json else _as_text(found))
    only_shown = arguments.dry_run or not found or (arguments.json and not arguments.yes)
    if only_shown:
        return 0
    if not arguments.yes and not agreed("remove all of this"):
        return 1
    runtime.run(remove_remnants(session, found, with_images=images))
    return 0


def _as_json(found: Sequence[Remnant]) -> str:
    keys = ("kind", "what", "size_bytes", "why")
    return json.dumps([{key: getattr(each, key) for key in keys} for each in found], indent=2)


def _as_text(found: Sequence[Remnant]) -> str:
    rows = [(each.kind, each.what, f"{each.size_bytes / 2**20:.1f}", each.why) for each in found]
    return table(_HEADS, rows) or "there is nothing to remove"
