"""A tap interface on a bridge of the host, which is gone with the QEMU that holds it.

The interface exists as long as something holds its descriptor: nothing is left of it even where
QEMU is killed. QEMU is handed the descriptor, for its sandbox lets it start no program to make one.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vmnb.backends.qemu.network.netlink import is_bridge
from vmnb.core.errors import BackendError
from vmnb.core.handle import VmHandle

__all__ = ["BRIDGE_RULES", "bridge_helper", "require_tap", "tap_of"]

_TUN = Path("/dev/net/tun")
_HELPER = "qemu-bridge-helper"
_HELPER_FOLDERS = ("/usr/lib/qemu", "/usr/libexec", "/usr/local/libexec", "/usr/lib")
BRIDGE_RULES = Path("/etc/qemu/bridge.conf")
"""Which bridges QEMU's helper lets others join."""

_HELPER_TIMEOUT_S = 10.0

_NAMED = struct.Struct("16s24x")  # struct ifreq of netdevice(7), by what is in its union
_WITH_FLAGS = struct.Struct("16sH22x")
_WITH_NUMBER = struct.Struct("16si20x")
_WITH_MAC = struct.Struct("16sH6s16x")
_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR, _IFF_UP = 0x2, 0x1000, 0x4000, 0x1
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCGIFMTU, _SIOCSIFMTU = 0x8921, 0x8922
_SIOCSIFHWADDR, _SIOCGIFHWADDR = 0x8924, 0x8927
_SIOCBRADDIF = 0x89A2


@contextmanager
def tap_of(handle: VmHandle) -> Iterator[int | None]:
    """Open the tap interface of a VM that wants one, for a child that inherits it.

    Raises
    ------
    BackendError
        There is no such bridge, or this user may not join it.
    """
    bridge = handle.network.bridge
    if bridge is None:
        yield None
        return
    descriptor = _open_tap(bridge, f"vm{handle.id[:12]}")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def require_tap(bridge: str) -> None:
    """Join `bridge` for a moment, and raise BackendError where that cannot be."""
    os.close(_open_tap(bridge, "vmtry%d"))  # the kernel counts


def bridge_helper() -> Path | None:
    """Return where QEMU's helper is, which makes tap interfaces for those who may not."""
    found = shutil.which(_HELPER, path=os.pathsep.join(_HELPER_FOLDERS))
    return Path(found) if found else None


def _open_tap(bridge: str, name: str) -> int:
    _require_bridge(bridge)
    try:
        return _make_tap(bridge, name)
    except PermissionError:
        return _tap_from_helper(bridge)
    except OSError as error:
        raise BackendError(
            f"cannot make a tap interface on the bridge {bridge!r}: {error.strerror}",
            hint=f"it takes {_TUN}: sudo modprobe tun; in a container, pass the device in",
        ) from error


def _require_bridge(bridge: str) -> None:
    try:
        index = socket.if_nametoindex(bridge)
    except OSError as error:
        raise BackendError(
            f"there is no bridge {bridge!r} on this machine",
            hint=f"make it: sudo ip link add {bridge} type bridge && sudo ip link set {bridge} up",
        ) from error
    if not is_bridge(index):
        raise BackendError(
            f"{bridge!r} of this machine is not a bridge",
            hint="name one that `ip link show type bridge` shows; an interface joins a bridge by "
            f"sudo ip link set {bridge} master BRIDGE",
        )


def _make_tap(bridge: str, name: str) -> int:
    """Make a tap interface, join the bridge and go up, as ``CAP_NET_ADMIN`` may."""
    tap = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        wanted = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
        made = fcntl.ioctl(tap, _TUNSETIFF, _WITH_FLAGS.pack(name.encode(), wanted))
        _join(made[:16], bridge)
    except BaseException:
        os.close(tap)
        raise
    return tap


def _join(tap: bytes, bridge: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        # A bridge goes by the lowest hardware address in it: none is higher than this one.
        own = fcntl.ioctl(control, _SIOCGIFHWADDR, _NAMED.pack(tap))
        _, kind, address = _WITH_MAC.unpack(own)
        high = _WITH_MAC.pack(tap, kind, b"\xfe" + address[1:])
        fcntl.ioctl(control, _SIOCSIFHWADDR, high)
        # And it takes no longer packets than the least of them takes.
        answer = fcntl.ioctl(control, _SIOCGIFMTU, _NAMED.pack(bridge.encode()))
        longest = _WITH_NUMBER.pack(tap, _WITH_NUMBER.unpack(answer)[1])
        fcntl.ioctl(control, _SIOCSIFMTU, longest)
        index = socket.if_nametoindex(tap.rstrip(b"\0").decode())
        fcntl.ioctl(control, _SIOCBRADDIF, _WITH_NUMBER.pack(bridge.encode(), index))
        _, flags = _WITH_FLAGS.unpack(fcntl.ioctl(control, _SIOCGIFFLAGS, _NAMED.pack(tap)))
        fcntl.ioctl(control, _SIOCSIFFLAGS, _WITH_FLAGS.pack(tap, flags | _IFF_UP))


def _tap_from_helper(bridge: str) -> int:
    """Let QEMU's helper, which an administrator can give the right, make one and hand it over."""
    helper = bridge_helper()
    if helper is None:
        raise _not_allowed(bridge, f"{_HELPER_FOLDERS[0]}/{_HELPER}", "it is not installed")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        argv = [str(helper), "--use-vnet", f"--br={bridge}", f"--fd={theirs.fileno()}"]
        try:
            done = subprocess.run(
                argv,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                env={**os.environ, "LC_ALL": "C"},
                timeout=_HELPER_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _not_allowed(bridge, str(helper), str(error)) from error
        received: list[int] = []
        with suppress(BlockingIOError):
            ours.setblocking(False)
            received = socket.recv_fds(ours, 1, 1)[1]
    if done.returncode or not received:
        raise _not_allowed(bridge, str(helper), done.stderr.strip())
    os.set_inheritable(received[0], False)
    return received[0]


def _not_allowed(bridge: str, helper: str, said: str) -> BackendError:
    return BackendError(
        f"this user may not join the bridge {bridge!r}: a tap interface takes the capability "
        f"CAP_NET_ADMIN, and {helper}, which makes one for others, failed: {said}",
        hint=f"as root, let everybody join it: mkdir -p {BRIDGE_RULES.parent}; "
        f"echo 'allow {bridge}' >> {BRIDGE_RULES}; setcap cap_net_admin+ep {helper}; or run "
        "Jupyter with CAP_NET_ADMIN; vmnb.user() is a network that needs no rights",
    )
