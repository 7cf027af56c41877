"""The files of the seed, as text; see "NoCloud" in cloud-init's documentation."""

import json
from dataclasses import dataclass

from vmnb.core.cloud_init import CloudInitConfig
from vmnb.seed.login import login_script

__all__ = ["Login", "seed_documents"]

_NOTHING = "#cloud-config\n{}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who may enter the guest by SSH: a login name, and a key as in ``authorized_keys``."""

    user: str
    public_key: str


def seed_documents(
    config: CloudInitConfig | None,
    *,
    instance_id: str,
    hostname: str,
    login: Login | None = None,
    network_config: str | None = None,
) -> dict[str, str]:
    """Return the text of each file of the seed by its name.

    Parameters
    ----------
    config
        What the user wants; None if nothing.
    instance_id, hostname
        Used where `config` names none.
    login
        Whom the guest shall let in. It is told so in the vendor data, which leaves the user data
        as they are; the user's own vendor data come first.
    network_config
        Used where `config` has none.
    """
    # JSON is YAML too, and quotes whatever needs it.
    meta_data = {
        "instance-id": (config and config.instance_id) or instance_id,
        "local-hostname": (config and config.hostname) or hostname,
    }
    documents = {
        "meta-data": json.dumps(meta_data) + "\n",
        "user-data": config.user_data if config else _NOTHING,
        "network-config": (config and config.network_config) or network_config,
        "vendor-data": _vendor_data(config, login),
    }
    return {name: text for name, text in documents.items() if text is not None}


def _vendor_data(config: CloudInitConfig | None, login: Login | None) -> str | None:
    theirs = config.vendor_data if config else None
    if login is None:
        return theirs
    parts = [{"content": theirs}] if theirs else []
    script = {
        "type": "text/x-shellscript",
        "filename": "vmnb-login",
        "content": login_script(login.user, login.public_key),
    }
    return "#cloud-config-archive\n" + json.dumps([*parts, script]) + "\n"
