"""What cloud-init is told, from the user's hands: text, a mapping or a file, checked at once.

No error shows what is in it, for there may be passwords in it.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import SpecError

__all__ = ["Document", "check_cloud_init", "cloud_init"]

Document = str | Mapping[str, Any] | os.PathLike[str]
"""Text, a mapping that becomes YAML, or the path of a file."""

_CLOUD_CONFIG = "#cloud-config"
_HEADERS = (
    "#!",
    "#include",
    "#cloud-boothook",
    "#cloud-config-archive",
    "#cloud-config-jsonp",
    "#part-handler",
    "## template: jinja",
)
"""How a document may begin (cloud-init's documentation, "User data formats")."""
_MIME = re.compile(r"(Content-Type:|MIME-Version:|From )", re.IGNORECASE)
_SIZE_MAX = 16 * 1024 * 1024


def cloud_init(
    user_data: Document = "#cloud-config\n{}\n",
    *,
    network_config: Document | None = None,
    vendor_data: Document | None = None,
    instance_id: str | None = None,
    hostname: str | None = None,
) -> CloudInitConfig:
    """Return what cloud-init is told at the first boot, checked.

    Parameters
    ----------
    user_data
        The whole document as text with its ``#cloud-config`` or ``#!`` line, a mapping that
        becomes one with ``#cloud-config``, or a ``Path`` of a file.
    network_config
        The same, as version 1 or 2 of cloud-init's network configuration; by default every image
        does what it was made to do, mostly DHCP on the first card.
    vendor_data
        As `user_data`, which overrides it.
    instance_id
        Identity of this installation; the VM's own id where it is None.
    hostname
        The guest's host name; made from the VM's name where it is None.

    Raises
    ------
    SpecError
        A document is none that cloud-init knows, or a file cannot be read.
    """
    config = CloudInitConfig(
        user_data=_text(user_data, "user data", _CLOUD_CONFIG),
        network_config=None if network_config is None else _network(network_config),
        vendor_data=None
        if vendor_data is None
        else _text(vendor_data, "vendor data", _CLOUD_CONFIG),
        instance_id=instance_id,
        hostname=hostname,
    )
    check_cloud_init(config)
    return config


def check_cloud_init(config: CloudInitConfig) -> None:
    """Raise SpecError where cloud-init would not understand a document of `config`."""
    _check_document(config.user_data, "user data")
    if config.vendor_data is not None:
        _check_document(config.vendor_data, "vendor data")
    if config.network_config is not None:
        _check_network(_parsed(config.network_config, "network configuration"))


def _text(document: Document, what: str, header: str = "") -> str:
    if isinstance(document, str):
        return document
    if isinstance(document, Mapping):
        return "\n".join(filter(None, (header, _dumped(document, what))))
    if isinstance(document, os.PathLike):
        return _read(Path(document), what)
    raise SpecError(
        f"the {what} of cloud-init is of type {type(document).__name__}",
        hint="give it as text, as a dict, or as the Path of a file",
    )


def _network(document: Document) -> str:
    """Return the configuration, out of the mapping ``network:`` that netplan's files have."""
    text = _text(document, "network configuration")
    parsed = _parsed(text, "network configuration")
    if isinstance(parsed, dict) and parsed.keys() == {"network"}:
        return _dumped(parsed["network"], "network configuration")
    return text


def _dumped(value: object, what: str) -> str:
    try:
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    except yaml.YAMLError as error:
        raise SpecError(
            f"the {what} of cloud-init cannot be written as YAML",
            hint="let it be of dicts, lists, texts, numbers, True, False and None alone",
        ) from error


def _read(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_MAX + 1)
        if len(data) > _SIZE_MAX:
            raise SpecError(f"{path} has more than {_SIZE_MAX >> 20} MiB", hint="is it the file?")
        return data.decode()
    except OSError as error:
        raise SpecError(
            f"the {what} of cloud-init cannot be read from {path}: {error.strerror}",
            hint="name a file that is there and that you may read",
        ) from error
    except UnicodeDecodeError as error:
        raise SpecError(
            f"{path} is not UTF-8 text", hint=f"the {what} of cloud-init is text"
        ) from error


def _check_document(text: str, what: str) -> None:
    if text.startswith(_HEADERS) or _MIME.match(text):
        return
    if not re.match(rf"{_CLOUD_CONFIG}[ \t]*\r?(\n|$)", text):
        raise SpecError(
            f"cloud-init would not know what the {what} is by its first line",
            hint=f"begin it with {_CLOUD_CONFIG} or #!; a file is given as a path: "
            'Path("web.yaml")',
        )
    if not isinstance(_parsed(text, what), dict | None):
        raise SpecError(
            f"the {what} is {_CLOUD_CONFIG}, and what follows is no mapping",
            hint='lines such as "hostname: web"',
        )


def _parsed(text: str, what: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecError(
            f"the {what} is not YAML{_place(error)}", hint="mind colons, quotes and indents"
        ) from error
    except (ValueError, RecursionError) as error:  # no such date or number; nested too deeply
        raise SpecError(
            f"the {what} has a value that cannot be read",
            hint="put dates and numbers in quotes, and nest it less deeply",
        ) from error


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f": line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _check_network(parsed: object) -> None:
    if not isinstance(parsed, dict) or parsed.get("version") not in (1, 2):
        raise SpecError(
            "the network configuration is no mapping with a version of 1 or 2",
            hint='{"version": 2, "ethernets": {"lan": {"match": …, "dhcp4": True}}}',
        )
