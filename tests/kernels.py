"""Kernels with an ipykernel of their own: a kernelspec for each of the versions that differ.

All else is this environment's. An ipykernel is fetched once and kept in the tests' cache.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["CONTROL", "KERNELS", "THREAD", "install_kernels"]

CONTROL = "6.31.0"
"""Reads its shell channel between cells alone."""

THREAD = ("7.1.0", "7.3.0", "7.4.0")
"""Read it in a thread; the last sends comm messages to the shell that last spoke on the comm."""

KERNELS = (CONTROL, *THREAD)

_BESIDES = ("nest-asyncio", "nest-asyncio2", "psutil")
"""What some of them import and this environment may lack."""


def install_kernels(data: Path, cache: Path) -> None:
    """Make a kernelspec for each version, named as the version is, in a Jupyter data directory.

    Parameters
    ----------
    data
        Searched by Jupyter if it is ``JUPYTER_DATA_DIR``.
    cache
        Where the packages are kept.
    """
    for version in KERNELS:
        spec = data / "kernels" / version
        spec.mkdir(parents=True)
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        env = {"PYTHONPATH": str(_packages(version, cache / "ipykernel"))}
        content = {"argv": argv, "env": env, "display_name": version, "language": "python"}
        (spec / "kernel.json").write_text(json.dumps(content))


def _packages(version: str, cache: Path) -> Path:
    target = cache / f"{version}-python{sys.version_info.major}.{sys.version_info.minor}"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
            command += ["--target", f"{fresh}/new", f"ipykernel=={version}", *_BESIDES]
            subprocess.run(command, check=True, timeout=300)
            if not target.exists():
                Path(fresh, "new").rename(target)
    return target
