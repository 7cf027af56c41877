"""Proving to a registry who asks: with a name and a password, or with a token for them."""

import base64
import json
import re
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlencode, urlsplit

import httpx

from vmnb.core.errors import ImageError
from vmnb.images.docker_config import Login, login_for
from vmnb.images.web import asked, checked_url, is_loopback, read_small, require_good

__all__ = ["authorization"]

_TOKEN_MAX_BYTES = 1 << 20
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


async def authorization(
    http: httpx.AsyncClient, challenge: str, host: str, repository: str, name: str
) -> str:
    """Return the header ``Authorization`` that answers the registry's `challenge`.

    Raises
    ------
    ImageError
        There is no login that it wants, or it takes none.
    """
    scheme, _, rest = challenge.partition(" ")
    login = await login_for(host)
    if scheme.lower() == "bearer":
        return (
            f"Bearer {await _token(http, dict(_PARAMETER.findall(rest)), login, repository, name)}"
        )
    if scheme.lower() == "basic" and login is not None and login.password:
        return _basic(login)
    raise ImageError(
        f"{name} cannot be had: {host} wants to know who asks, and no login for it is known",
        hint=f"docker login {host}",
    )


async def _token(
    http: httpx.AsyncClient,
    parameters: dict[str, str],
    login: Login | None,
    repository: str,
    name: str,
) -> str:
    realm = checked_url(parameters.get("realm", ""))
    if login and not realm.startswith("https:") and not is_loopback(urlsplit(realm).netloc):
        raise ImageError(
            f"{name} cannot be had: the registry wants the password sent without encryption",
            hint="ask who runs it",
        )
    query = {"scope": parameters.get("scope") or f"repository:{repository}:pull"}
    if "service" in parameters:
        query["service"] = parameters["service"]
    async with _asked(http, realm, query, login) as response:
        if response.status_code in (401, 403):
            raise ImageError(
                f"{name} cannot be had: the registry does not take "
                + ("the login that is known for it" if login else "anybody without a login"),
                hint="docker login, and see whether you may have it",
            )
        require_good(response, realm)
        content = await read_small(response, realm, _TOKEN_MAX_BYTES)
    return _token_in(content, realm)


def _asked(
    http: httpx.AsyncClient, realm: str, query: dict[str, str], login: Login | None
) -> AbstractAsyncContextManager[httpx.Response]:
    """Ask for a token; for one that stands for a login as OAuth 2 has it (RFC 6749, section 6)."""
    if login and login.identity_token:
        grant = {"grant_type": "refresh_token", "refresh_token": login.identity_token}
        return asked(http, realm, {}, form={**query, **grant, "client_id": "vmnb"})
    url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
    return asked(http, url, {"Authorization": _basic(login)} if login else {})


def _token_in(content: bytes, realm: str) -> str:
    try:
        values = json.loads(content)
        token = values.get("token") or values["access_token"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        token = None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise ImageError(f"{realm} gave no token that makes sense", hint="try again later")
    return token


def _basic(login: Login) -> str:
    both = f"{login.user}:{login.password}".encode()
    return f"Basic {base64.b64encode(both).decode()}"
