"""Two Debians, booted at once and set up by cloud-init, for all tests of this directory."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian.image import build
from tests.debian.published import NAME, published
from tests.homes import own_homes
from tests.images.server import Web
from vmnb import VM, Network, cloud_init
from vmnb.backends.qemu.program.firmware import find_firmware, firmware_folders
from vmnb.core.errors import BackendError

READY_S = 900.0
USER_DATA = {
    "hostname": "workshop",
    "timezone": "Europe/Berlin",
    "users": [
        {"name": "ada", "shell": "/bin/bash", "ssh_authorized_keys": ["ssh-ed25519 AAAA ada's"]}
    ],
    "write_files": [{"path": "/etc/motd", "content": "Grüße\n", "permissions": "0640"}],
    "runcmd": [["sh", "-c", "id -un > /var/tmp/ran-as"]],
}
NETWORK = {
    "version": 2,
    "ethernets": {"nic": {"match": {"name": "en*"}, "dhcp4": True, "mtu": 1400}},
}
VENDOR_DATA = {"bootcmd": ["echo from the vendor > /etc/vendor"]}


def like_debian(name: str, boot: str | None = None) -> VM:
    """Return a VM of the spec of the fixture `debian`."""
    seed = cloud_init(USER_DATA, network_config=NETWORK, vendor_data=VENDOR_DATA)
    return VM(name, image=NAME, memory="768M", disk="3G", cloud_init=seed, ssh=True, boot=boot)


@pytest.fixture(scope="package")
def debian_image(image_cache: Path) -> Path:
    """A real Debian 12 as a cloud image."""
    tools = ["mmdebstrap", "fakeroot", "mkfs.vfat", "mcopy", "sfdisk", "mke2fs", "syslinux"]
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    if missing := [tool for tool in tools if not shutil.which(tool, path=path)]:
        pytest.skip(f"Debian is built with {', '.join(missing)}, which this machine lacks")
    return build(image_cache)


@pytest.fixture(scope="package")
def shared_homes(homes_root: Path, image_cache: Path) -> Iterator[Path]:
    """Homes that all tests of this directory share; return their parent."""
    with own_homes(homes_root, image_cache) as home:
        yield home


@pytest.fixture(scope="package")
def publisher(debian_image: Path, shared_homes: Path) -> Iterator[Web]:
    """A web server that has it as the catalogue's ``debian-12``, and breaks off at first."""
    with published(debian_image) as web:
        yield web


@pytest.fixture(scope="package")
def big(debian_image: Path, shared_homes: Path) -> Iterator[VM]:
    """A Debian on a private network, started, by UEFI where this machine has that."""
    net = Network("lab")
    with VM("big", image=debian_image, memory="768M", network=net, uefi=has_uefi()) as vm:
        yield vm.start()


def has_uefi() -> bool:
    try:
        find_firmware("pc-q35-7.2", firmware_folders())
    except BackendError:
        return False
    return True


@pytest.fixture(scope="package")
def debian_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache that the published image is pulled into."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="package")
def debian(publisher: Web, big: VM, debian_cache: Path) -> Iterator[VM]:
    """A Debian with an agent and an SSH server, ready when its cloud-init is done.

    `big` is started before, since one processor can boot it meanwhile.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VMNB_CACHE", str(debian_cache))
        vm = like_debian("d")
    with vm:
        yield vm.start().wait_ready(READY_S)
