"""A real Debian 12 as a cloud image, made from the distribution's own packages, without root.

``mmdebstrap`` installs the packages; the disk is put together from plain files: an MBR, a FAT
partition with the kernel and two boot loaders (syslinux for a BIOS, systemd-boot for UEFI), and an
ext4 root, last, so that cloud-init can grow it. It is made once, and kept in the tests' cache.
"""

import fcntl
import hashlib
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["CLOUD", "GENERIC", "build"]

CLOUD = "linux-image-cloud-amd64"
GENERIC = "linux-image-amd64"

_PACKAGES = (
    "cloud-guest-utils,cloud-init,dbus,e2fsprogs,iproute2,iputils-ping,"
    "locales,netbase,netplan.io,openssh-server,openssh-sftp-server,procps,python3-minimal,qemu-guest-agent,sudo,"
    "systemd-boot-efi,systemd-resolved,systemd-sysv,udev"
)
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
_COMMAND_LINE = "root=LABEL=root ro console=tty0 console=ttyS0,115200"
_FSTAB = "LABEL=root / ext4 defaults 0 1\n"
_CLOUD_CFG = "datasource_list: [ NoCloud, None ]\nlocale: C.UTF-8\n"
_MIB = 1 << 20
_BOOT_MIB = 64
_ROOT_MIB = 1536
_SYSLINUX_MBR = Path("/usr/lib/syslinux/mbr/mbr.bin")
_SYSLINUX_CFG = f"""DEFAULT linux
PROMPT 0
LABEL linux
  LINUX /vmlinuz
  INITRD /initrd
  APPEND {_COMMAND_LINE}
"""
_LOADER_ENTRY = f"title Debian\nlinux /vmlinuz\ninitrd /initrd\noptions {_COMMAND_LINE}\n"


def build(cache: Path, kernel: str = CLOUD) -> Path:
    """Return the image, a QCOW2 file; made first where `cache` has none of this recipe.

    Parameters
    ----------
    kernel
        The package of its kernel: that of the published cloud images, or Debian's standard one.
    """
    recipe = hashlib.sha256(Path(__file__).read_bytes() + kernel.encode()).hexdigest()[:16]
    home = cache / "debian"
    home.mkdir(parents=True, exist_ok=True)
    disk = home / f"{recipe}.qcow2"
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not disk.exists():
            with tempfile.TemporaryDirectory(dir=home) as folder:
                _make(Path(folder), kernel).rename(disk)
    return disk


def _make(folder: Path, kernel: str) -> Path:
    tar = folder / "root.tar"
    _run("mmdebstrap", *_options(kernel), "bookworm", tar, "-", stdin=_sources())
    tree = folder / "tree"
    tree.mkdir()
    root = folder / "root.ext4"
    # As root of a pretended kind, so that the files in the image belong to whom they should.
    paths = {name: shlex.quote(str(path)) for name, path in (("tar", tar), ("tree", tree))}
    unpack = f"tar --extract --file {paths['tar']} --directory {paths['tree']} --exclude './dev/*'"
    make = f"mke2fs -q -t ext4 -L root -d {paths['tree']} {shlex.quote(str(root))} {_ROOT_MIB}M"
    _run("fakeroot", "sh", "-ec", f"{unpack}; {make}")
    raw = _disk(folder / "disk.raw", _boot_partition(folder / "boot.fat", tree), root)
    qcow2 = folder / "disk.qcow2"
    _run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", raw, qcow2)
    return qcow2


def _options(kernel: str) -> list[str]:
    options = ["--variant=minbase", f"--include={_PACKAGES},{kernel}", "--quiet"]
    options += [f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT]
    commands = [
        _written("/etc/fstab", _FSTAB),
        _written("/etc/cloud/cloud.cfg.d/90_image.cfg", _CLOUD_CFG),
        'rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/hostname',
        ': > "$1"/etc/machine-id',
        'chroot "$1" systemctl --quiet enable systemd-networkd systemd-resolved ssh',
        'chroot "$1" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer',
    ]
    return [*options, *(f"--customize-hook={command}" for command in commands)]


def _written(path: str, text: str) -> str:
    return f'printf %s {shlex.quote(text)} > "$1"{path}'


def _sources() -> str:
    """Return where this machine's own apt gets bookworm from."""
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    answer = _run("apt-get", "indextargets", "--format", form, "Created-By: Packages")
    lines = {tuple(line.split()) for line in answer.splitlines()}
    ours = [line for line in sorted(lines) if line[1].startswith("bookworm") and line[2] == "main"]
    assert ours, (
        "this machine's apt knows no source of Debian 12 (bookworm), which is built from it"
    )
    return "".join(f"deb {' '.join(line)}\n" for line in ours)


def _boot_partition(fat: Path, tree: Path) -> Path:
    with fat.open("wb") as file:
        file.truncate(_BOOT_MIB * _MIB)
    _run("mkfs.vfat", "-n", "BOOT", fat)
    files = {
        "vmlinuz": (tree / "vmlinuz").read_bytes(),
        "initrd": (tree / "initrd.img").read_bytes(),
        "syslinux.cfg": _SYSLINUX_CFG.encode(),
        "loader/loader.conf": b"timeout 0\n",
        "loader/entries/debian.conf": _LOADER_ENTRY.encode(),
        "EFI/BOOT/BOOTX64.EFI": (
            tree / "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
        ).read_bytes(),
    }
    for folder in ("loader", "loader/entries", "EFI", "EFI/BOOT"):
        _run("mmd", "-i", fat, f"::{folder}")
    for name, content in files.items():
        with tempfile.NamedTemporaryFile(dir=fat.parent) as file:
            file.write(content)
            file.flush()
            _run("mcopy", "-i", fat, file.name, f"::{name}")
    _run("syslinux", "--install", fat)
    return fat


def _disk(disk: Path, boot: Path, root: Path) -> Path:
    first = _MIB
    second = first + _BOOT_MIB * _MIB
    with disk.open("wb") as file:
        file.truncate(second + (_ROOT_MIB + 1) * _MIB)
    table = [
        "label: dos",
        f"start=1MiB, size={_BOOT_MIB}MiB, type=ef, bootable",
        f"start={_BOOT_MIB + 1}MiB, size={_ROOT_MIB}MiB, type=83",
    ]
    _run("sfdisk", "--quiet", disk, stdin="\n".join([*table, ""]))
    with disk.open("r+b") as file:
        file.write(_SYSLINUX_MBR.read_bytes()[:440])
        for offset, part in ((first, boot), (second, root)):
            file.seek(offset)
            with part.open("rb") as source:
                shutil.copyfileobj(source, file, _MIB)
    return disk


def _run(*argv: str | Path, stdin: str = "") -> str:
    path = "/usr/local/sbin:/usr/sbin:/sbin"
    done = subprocess.run(
        ["env", "LC_ALL=C", "sh", "-c", f'PATH="$PATH:{path}" exec "$@"', "sh", *argv],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{argv[0]} failed: {done.stderr[-2000:]}"
    return done.stdout
