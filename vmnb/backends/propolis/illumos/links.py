"""Data links: VNICs over other links."""

from vmnb.backends.propolis.illumos.parseable import fields_of
from vmnb.backends.propolis.illumos.tool import tool
from vmnb.core.errors import SpecError

__all__ = ["create_vnic", "delete_vnic", "exists", "require_link"]


async def require_link(link: str, hint: str) -> None:
    """Raise SpecError where there is no link of that name."""
    output = await tool("dladm", "show-link", "-p", "-o", "link")
    known = [fields[0] for fields in fields_of(output)]
    if link not in known:
        raise SpecError(f"there is no link {link}; there are: {', '.join(known)}", hint=hint)


async def create_vnic(name: str, link: str, mac: str | None = None) -> None:
    """Make a VNIC over `link`, with the address `mac` or one of the system's choice."""
    address = ("-m", mac) if mac is not None else ()
    await tool("dladm", "create-vnic", "-l", link, *address, name)


async def exists(name: str) -> bool:
    """Return whether there is that VNIC."""
    output = await tool("dladm", "show-vnic", "-p", "-o", "link")
    return [name] in fields_of(output)


async def delete_vnic(name: str) -> None:
    """Remove a VNIC."""
    await tool("dladm", "delete-vnic", name)
