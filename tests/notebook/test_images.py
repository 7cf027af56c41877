"""VMs of images that have a name or an address, and what keeps an image from being removed."""

import asyncio
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.images.server import Handler, Web, broken_off, content, files_in
from vmnb import VM, images, machines
from vmnb.core.progress import Step, reporting_to
from vmnb.errors import ImageError, SpecError
from vmnb.notebook.progress import _Bar

Python = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def cache(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("VMNB_CACHE", str(homes / "cache"))
    return homes / "cache"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Web() as web:
        yield web


def test_a_vm_is_made_from_an_address(web: Web, cache: Path, boot_sector: Path) -> None:
    web.answers["/disk"] = content(boot_sector.read_bytes())
    with VM("one", image=web.url(), memory=32) as one, VM("two", image=web.url(), memory=32) as two:
        assert one.handle.extra["image_digest"] == two.handle.extra["image_digest"]
        assert one.start().state == "running"
        assert len(web.asked) == 1


def test_a_vm_is_made_from_an_image_that_was_added(cache: Path, boot_sector: Path) -> None:
    images.add(boot_sector, "mine")
    boot_sector.unlink()

    with VM("web", image="mine", memory=32) as vm:
        assert vm.start().state == "running"


def test_an_image_that_vms_stand_on_is_not_removed(
    web: Web, cache: Path, boot_sector: Path
) -> None:
    web.answers["/disk"] = content(boot_sector.read_bytes())
    with VM("web", image=web.url(), memory=32) as vm:
        images.add(boot_sector, "mine")
        images.remove("mine")  # its disk has another name yet

        with pytest.raises(ImageError, match="what these VMs stand on: web") as caught:
            images.remove(web.url())

        assert "VM.attach('web').destroy()" in caught.value.hint
        assert vm.start().state == "running"
        assert list(images.list()["name"]) == [web.url()]
    images.remove(web.url())
    assert files_in(cache) == []


@pytest.mark.parametrize("image", ["ftp://example.org/disk", "oci://x", "debain-12"])
def test_what_is_no_image_makes_nothing(cache: Path, image: str) -> None:
    with pytest.raises(SpecError):
        VM("web", image=image)

    assert machines().empty
    assert not (cache / "images").exists()


def test_an_image_that_cannot_be_had_makes_no_vm(web: Web, cache: Path) -> None:
    with pytest.raises(ImageError, match="404"):
        VM("web", image=web.url())

    assert machines().empty
    assert files_in(cache) == []


def shown(*steps: Step) -> str:
    """Return what the bar shows after `steps`."""
    bar = _Bar()
    try:
        for step in steps:
            bar.show(step)
        return str(bar._bar)
    finally:
        bar.close()


def moved(done: int, total: int | None) -> Step:
    return Step(what="downloading it", fraction=0.0, bytes_done=done << 20, bytes_total=total)


def test_a_bar_for_bytes_tells_the_amount_the_rate_and_the_time_left() -> None:
    said = shown(moved(1, 4 << 20), moved(3, 4 << 20))

    assert re.fullmatch(r"downloading it:  75%\|.*\| 3\.00M/4\.00M \[00:00<00:00, .*B/s\]", said)


def test_a_bar_for_an_unknown_length_tells_the_amount_and_the_rate() -> None:
    assert re.fullmatch(r"downloading it: 3\.00MB \[00:00, .*B/s\]", shown(moved(3, None)))


def test_a_long_address_leaves_room_for_the_bar() -> None:
    step = Step(what=f"downloading https://{'x' * 500}/disk.img", fraction=0.5)

    assert re.match(r"downloading https://x+…x+/disk\.img:  50% ", shown(step))


def test_a_bar_goes_on_to_what_is_done_next() -> None:
    said = shown(moved(3, 4 << 20), Step(what="unpacking", fraction=0.5))

    assert re.fullmatch(r"unpacking:  50% \|.*\| 00:00", said)


def test_a_pull_tells_how_far_it_is(web: Web, cache: Path, boot_sector: Path) -> None:
    steps: list[Step] = []
    data = boot_sector.read_bytes()
    web.answers["/disk"] = content(data)

    with reporting_to(steps.append):
        asyncio.run(images.aio.pull(web.url()))

    downloading = [step for step in steps if step.what.startswith("downloading http://127")]
    done = [step.bytes_done or 0 for step in downloading]
    assert done == sorted(done)
    assert (done[-1], downloading[-1].fraction) == (len(data), 1.0)
    assert {step.bytes_total for step in downloading} == {len(data)}


def test_ctrl_c_ends_a_pull_and_leaves_nothing(
    web: Web, cache: Path, boot_sector: Path, python: Python
) -> None:
    begun, over = threading.Event(), threading.Event()

    def stuck(handler: Handler) -> None:
        broken_off(boot_sector.read_bytes(), 10_000)(handler)
        begun.set()
        over.wait()

    web.answers["/disk"] = stuck
    child = python("import sys; from vmnb import images; images.pull(sys.argv[1])", web.url())
    try:
        assert begun.wait(60)
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate()
    finally:
        over.set()
    assert said.splitlines()[-1].endswith("was interrupted; nothing was changed")
    assert files_in(cache) == []
