"""How the tiny guest is made: a distribution's kernel, busybox, the QEMU guest agent, few files."""

import asyncio
import hashlib
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from vmnb.core.errors import ImageError
from vmnb.core.finish import finish
from vmnb.core.progress import report
from vmnb.images.command import run
from vmnb.images.debs import Apt, Package, unpack
from vmnb.images.ext4 import make_disk
from vmnb.images.initramfs import Initramfs
from vmnb.images.kernel import Modules, unpack_kernel
from vmnb.images.tools import Tools

__all__ = [
    "CMDLINE",
    "DISK_SIZE_MIB",
    "EMULATED_CMDLINE",
    "Ingredients",
    "build",
    "fetch",
    "recipe_digest",
]

DISK_SIZE_MIB = 1024

# Parts of the kernel that are not started, for each takes an emulated processor a while: the
# certificates to check modules by (the modules here have no signatures), probes by kprobe, and
# everything that would be the first to read the kernel's type information, for BPF programs.
_NOT_STARTED = (
    "load_system_certificate_list", "init_kprobe_trace", "cubictcp_register", "kfunc_init",
    "bpf_tcp_ca_kfunc_init", "bpf_rstat_kfunc_init", "bpf_key_sig_kfuncs_init",
    "bpf_prog_test_run_init",
)  # fmt: skip
CMDLINE = (
    "console=ttyS0,115200 quiet random.trust_cpu=on lsm= cryptomgr.notests "
    f"initcall_blacklist={','.join(_NOT_STARTED)}"
)
# An emulated processor has no side channels to guard, is slow to split and check the kernel's own
# pages, and its local timer, unlike the machine's, must be measured for 0.1 s.
EMULATED_CMDLINE = "mitigations=off rodata=off noapictimer"

_HERE = files("vmnb.images")
_SOURCES = ("ext4.py", "initramfs.py", "kernel.py", "recipe.py")
_KERNELS = ("linux-image-amd64", "linux-image-virtual", "linux-image-generic")
_FOLLOW = re.compile(r"lib|zlib1g$|linux-(image|modules|binary)-(?!extra)")
_BOOT_MODULES = ("virtio_pci", "virtio_blk", "ext4", "virtio_console")
# What ext4 asks of the cipher library, where that is a module of its own.
_CHECKSUM_MODULES = ("crc32c_generic",)
_LATER_MODULES = (
    "virtio_net", "button", "evdev", "pvpanic_pci", "pvpanic_mmio", "virtio_rng", "isofs",
)  # fmt: skip
# The screen and its keyboard, which come last: not every kernel package has a driver of the screen.
_SCREEN_MODULES = ("bochs", "virtio_input")
_AGENT = "usr/sbin/qemu-ga"
_LOADER = "lib64/ld-linux-x86-64.so.2"
_LIBRARIES = "lib/x86_64-linux-gnu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """Packages that were downloaded, and the apt that did it."""

    apt: Apt
    packages: list[Package]
    debs: list[Path]

    @property
    def digest(self) -> str:
        """SHA-256 of all that goes into the tiny guest: these packages and the recipe."""
        lines = [f"{package.name} {package.version}" for package in self.packages]
        return hashlib.sha256("\n".join([recipe_digest(), *lines]).encode()).hexdigest()


@cache
def recipe_digest() -> str:
    """Return the SHA-256 of the sources that say how the tiny guest is made."""
    digest = hashlib.sha256()
    for path, data in _contents(_HERE):
        if not path.startswith((*_SOURCES, "tiny_files/")):
            continue
        digest.update(f"{path} {len(data)}\n".encode() + data)
    return digest.hexdigest()


async def fetch(home: Path) -> Ingredients:
    """Download the newest packages into `home`, with the system's lists or else with new ones."""
    for folder in ("system", "own", "empty"):
        (home / folder).mkdir()
    try:
        return await _fetch(Apt(home / "system"))
    except ImageError:
        apt = Apt(home / "own", own_lists=True)
        report("fetching the package lists", 0.01)
        await apt.update()
        return await _fetch(apt)


async def _fetch(apt: Apt) -> Ingredients:
    report("looking up packages", 0.02)
    known = await apt.show(_KERNELS)
    kernel = next((name for name in _KERNELS if name in known), _KERNELS[0])
    packages = await apt.closure([kernel, "busybox-static", "qemu-guest-agent"], _FOLLOW)
    debs = await apt.fetch(
        packages, lambda percent: report("downloading packages", 0.05 + 0.45 * percent / 100)
    )
    return Ingredients(apt=apt, packages=packages, debs=debs)


async def build(ingredients: Ingredients, home: Path, out: Path) -> None:
    """Make a disk, two kernels and an initial RAM disk in `out`; `home` is for what is between."""
    root, tree = home / "root", home / "tree"
    tools = Tools(ingredients.apt, home / "tools")
    report("unpacking packages", 0.5)
    await unpack(ingredients.debs, root)

    report("preparing the kernel", 0.75)
    modules = await _modules(root, tools)
    packed = root / "boot" / f"vmlinuz-{modules.release}"
    vmlinuz = await asyncio.to_thread(packed.read_bytes)
    await finish(asyncio.to_thread(_put, out / "vmlinuz", vmlinuz))
    await finish(asyncio.to_thread(_put, out / "vmlinux", await unpack_kernel(vmlinuz, tools)))
    await finish(asyncio.to_thread(_put_initramfs, out / "initrd", modules, root))

    report("writing the disk", 0.9)
    await finish(asyncio.to_thread(_lay_out, tree, modules))
    await _add_busybox(root, tree)
    await _add_agent(root, tree)
    await finish(asyncio.to_thread(_open_folders, tree))
    raw = home / "disk.raw"
    await make_disk(tree, raw, size_mib=DISK_SIZE_MIB, tools=tools)
    await run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, out / "disk.qcow2"])


async def _modules(root: Path, tools: Tools) -> Modules:
    folder = await asyncio.to_thread(_one, root, "lib/modules/*/kernel")
    if await asyncio.to_thread(_has_zstd, folder):
        await run([await tools.path("zstd"), "-dqr", "--rm", folder], env=tools.env)
    return await asyncio.to_thread(Modules, folder.parent)


def _has_zstd(folder: Path) -> bool:
    return any(path.suffix == ".zst" for path in folder.rglob("*.ko.*"))


def _one(root: Path, pattern: str) -> Path:
    """Return the first file that matches, with or without the merged ``/usr``."""
    for found in (*root.glob(pattern), *root.glob(f"usr/{pattern}")):
        return found
    raise ImageError(f"the packages of the tiny guest have no {pattern}")


def _put_initramfs(path: Path, modules: Modules, root: Path) -> None:
    names = modules.closure((*filter(modules.has, _CHECKSUM_MODULES), *_BOOT_MODULES))
    archive = Initramfs()
    archive.character_device("dev/console", 5, 1)
    for folder in ("proc", "root"):
        archive.directory(folder)
    archive.file("bin/busybox", _one(root, "bin/busybox").read_bytes(), mode=0o755)
    ram = _HERE.joinpath("tiny_files", "ram")
    archive.file("init", ram.joinpath("init").read_bytes(), mode=0o755)
    archive.file("etc/fstab", ram.joinpath("fstab").read_bytes())
    for name, data in (*_module_files(modules, names), _module_list("modules", names)):
        archive.file(name, data)
    _put(path, archive.finish())


def _module_files(modules: Modules, names: list[str]) -> list[tuple[str, bytes]]:
    folder = f"lib/modules/{modules.release}"
    loaded = [(f"{folder}/{name}.ko", modules.load(name)) for name in names]
    return [*loaded, (f"{folder}/modules.dep", modules.dependency_file(names))]


def _module_list(name: str, names: Iterable[str]) -> tuple[str, bytes]:
    return (f"etc/{name}", " ".join(names).encode() + b"\n")


def _lay_out(tree: Path, modules: Modules) -> None:
    for folder in ("dev", "proc", "sys", "run", "tmp", "root", "mnt", "var/log", "usr/local/bin"):
        (tree / folder).mkdir(parents=True)
    screen = tuple(filter(modules.has, _SCREEN_MODULES))
    for path, data in (
        *_contents(_HERE.joinpath("tiny_files", "disk")),
        *_module_files(modules, modules.closure((*_LATER_MODULES, *screen))),
        _module_list("modules", modules.closure(_LATER_MODULES)),
        _module_list("modules.screen", screen),
        ("etc/os-release", _os_release()),
    ):
        _put(tree / path, data)


def _open_folders(tree: Path) -> None:
    """Give each directory the mode that it has in the guest, whatever this process's umask."""
    for path in tree.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    (tree / "root").chmod(0o700)


def _os_release() -> bytes:
    distribution = platform.freedesktop_os_release().get("NAME", "Linux").removesuffix(" GNU/Linux")
    return (
        f'PRETTY_NAME="vmnb tiny guest ({distribution} kernel, busybox)"\n'
        'NAME="vmnb tiny guest"\nID=vmnb-tiny\n'
    ).encode()


async def _add_busybox(root: Path, tree: Path) -> None:
    busybox = await asyncio.to_thread(_one, root, "bin/busybox")
    applets = (await run([busybox, "--list-full"])).decode().split()
    await finish(asyncio.to_thread(_put_busybox, tree, busybox, applets))


def _put_busybox(tree: Path, busybox: Path, applets: list[str]) -> None:
    _put(tree / "bin" / "busybox", busybox.read_bytes(), mode=0o755)
    for applet in applets:
        link = tree / applet
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to("/bin/busybox")


async def _add_agent(root: Path, tree: Path) -> None:
    """Copy the agent, its loader and the libraries that the loader finds for it."""
    loader = await asyncio.to_thread(_one, root, f"{_LIBRARIES}/{Path(_LOADER).name}")
    places = f"{_LIBRARIES}:usr/{_LIBRARIES}"
    said = await run([loader, "--library-path", places, "--list", _AGENT], cwd=root)
    listing = said.decode()
    if "not found" in listing:
        raise ImageError(f"the guest agent's packages lack a library:\n{listing}")
    await finish(asyncio.to_thread(_put_agent, root, tree, loader, listing))


def _put_agent(root: Path, tree: Path, loader: Path, listing: str) -> None:
    _put(tree / _AGENT, (root / _AGENT).read_bytes(), mode=0o755)
    _put(tree / _LOADER, loader.read_bytes(), mode=0o755)
    for name, path in re.findall(r"^\s*(\S+) => (.+) \(0x", listing, re.MULTILINE):
        if "/" not in name:
            _put(tree / _LIBRARIES / name, (root / path).read_bytes())


def _put(path: Path, data: bytes, *, mode: int | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode or (0o755 if data.startswith(b"#!") else 0o644))


def _contents(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    """Return all files below `folder`, by path."""
    found = []
    for entry in folder.iterdir():
        if entry.is_file():
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
        elif entry.name != "__pycache__":
            found += _contents(entry, f"{prefix}{entry.name}/")
    return sorted(found)
