"""How soon a Debian with cloud-init is ready: booted, and begun from the template of that boot.

``python -m tests.bench.debian [--runs N] [--kernel PACKAGE]`` boots it once, which takes minutes
without KVM, and begins so often from what it became.
"""

import argparse
import os
import tempfile
from pathlib import Path
from statistics import median

import vmnb
from tests.bench.timing import timed
from tests.debian.image import CLOUD, GENERIC, build
from tests.debian.published import NAME, published
from vmnb import VM
from vmnb.core import runtime

USER_DATA = {"write_files": [{"path": "/etc/motd", "content": "Hello\n"}]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--kernel", choices=(CLOUD, GENERIC), default=CLOUD)
    options = parser.parse_args()
    cache = Path(os.environ.get("VMNB_TEST_CACHE") or Path.home() / ".cache" / "vmnb-tests")
    with tempfile.TemporaryDirectory(prefix="vmnb-", dir="/tmp") as folder:
        names = {"VMNB_HOME": "home", "VMNB_RUNTIME": "run", "VMNB_CACHE": "cache"}
        os.environ |= {name: f"{folder}/{place}" for name, place in names.items()}
        with published(build(cache, options.kernel)), _like("first") as first:
            boot_s = timed(lambda: first.start().wait_ready(1800))
            first.suspend()  # so that it takes no processor from the others
            times = [_begin() for _ in range(options.runs)]
            pooled = [_pooled() for _ in range(options.runs)]
            vmnb.pool(0)
        print("| Debian 12 with cloud-init and SSH | s | of the boot |")
        print("| --- | --- | --- |")
        print(f"| booted, to the end of cloud-init | {boot_s:.1f} | 1 |")
        for what, middle in (("", median(times)), (", in a pool", median(pooled))):
            ratio = f"1/{boot_s / middle:.0f}"
            print(f"| begun from its template{what}, to the first `run` | {middle:.2f} | {ratio} |")
        runtime.shutdown()


def _like(name: str) -> VM:
    return VM(name, image=NAME, memory="768M", disk="3G", cloud_init=USER_DATA, ssh=True)


def _begin() -> float:
    """Return the seconds to the first answer of one that begins from the template."""
    took_s = timed(lambda: _like("next").start().run("true"))
    with VM.attach("next") as vm:
        assert vm.history["action"][1] == "restore"
    return took_s


def _pooled() -> float:
    vmnb.pool(1)  # which returns when it waits
    return _begin()


if __name__ == "__main__":
    main()
