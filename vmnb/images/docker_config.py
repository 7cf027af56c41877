"""Logins for registries, as ``docker login`` and its like keep them."""

import asyncio
import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vmnb.core.errors import ImageError
from vmnb.images.command import run

__all__ = ["Login", "login_for"]

_HUB = {"registry-1.docker.io", "docker.io", "index.docker.io"}
_HUB_KEY = "https://index.docker.io/v1/"
_INSTEAD_OF_A_NAME = "<token>"
"""Where the secret is a token (docker's credential helper protocol)."""
_HELPER = re.compile(r"[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks at one registry: a name and a password, or a token that stands for both.

    Parameters
    ----------
    identity_token
        What the registry gave at the login in place of the password; empty where it gave none.
    """

    user: str
    password: str = field(repr=False)
    identity_token: str = field(default="", repr=False)


async def login_for(host: str) -> Login | None:
    """Return the login for `host` from ``config.json`` in ``~/.docker`` or ``DOCKER_CONFIG``.

    Raises
    ------
    ImageError
        The file makes no sense, or the program that keeps the password failed.
    """
    path = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    config = await asyncio.to_thread(_read, path)
    keys = [host, f"https://{host}", f"https://{host}/v2/", f"https://{host}/v1/"]
    keys = [_HUB_KEY, *keys] if host in _HUB else keys
    helpers = _table(config, "credHelpers")
    helper = next((helpers[key] for key in keys if key in helpers), config.get("credsStore"))
    auths = _table(config, "auths")
    entry = next((auths[key] for key in keys if key in auths), None)
    plain = _plain(entry, path) if isinstance(entry, dict) else None
    if plain is not None or not helper:
        return plain
    return await _from_helper(helper, keys[0], path)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise _senseless(path, str(error)) from error
    if not isinstance(config, dict):
        raise _senseless(path, "it is no object")
    return config


def _table(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = config.get(key)
    return table if isinstance(table, dict) else {}


def _plain(entry: Mapping[str, Any], path: Path) -> Login | None:
    token = entry.get("identitytoken")
    if token and isinstance(token, str):
        return Login("", "", token)
    if not entry.get("auth"):
        return None
    try:
        user, colon, password = base64.b64decode(entry["auth"]).decode().partition(":")
    except (ValueError, TypeError) as error:
        raise _senseless(path, "a login in it is not in base64") from error
    if not colon:
        raise _senseless(path, "a login in it has no password")
    return Login(user, password.rstrip("\0"))


async def _from_helper(helper: object, key: str, path: Path) -> Login | None:
    if not isinstance(helper, str) or not _HELPER.fullmatch(helper):
        raise _senseless(path, f"{helper!r} is not the name of a program that keeps passwords")
    try:
        answer = json.loads(await run([f"docker-credential-{helper}", "get"], stdin=key.encode()))
        user, secret = str(answer["Username"]), str(answer["Secret"])
        return Login("", "", secret) if user == _INSTEAD_OF_A_NAME else Login(user, secret)
    except ImageError as error:
        if "exit code 1:" in error.message:  # it has no login for that registry
            return None
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise _senseless(path, f"docker-credential-{helper} gave no login") from error


def _senseless(path: Path, what: str) -> ImageError:
    return ImageError(
        f"cannot read the logins for registries in {path}: {what}",
        hint="correct that file, or name another directory in DOCKER_CONFIG",
    )
