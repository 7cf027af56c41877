"""The screen as the notebook has it: what the page may ask for, and backends that have none."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from vmnb import VM
from vmnb.core import runtime
from vmnb.core.errors import CapabilityError
from vmnb.notebook.live.live import Live
from vmnb.notebook.widget.screen_talk import ScreenTalk


class Page:
    """What a page is told, and the talk that it has."""

    def __init__(self, live: Live) -> None:
        self.told: list[tuple[dict[str, Any], list[bytes]]] = []
        self._news = asyncio.Event()
        self._talk = ScreenTalk(live, self._receive)

    def _receive(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.told.append((message, buffers))
        self._news.set()

    async def ask(self, kind: str, *buffers: bytes, **facts: Any) -> None:
        await self._talk.handle({"kind": kind, "view": "one", **facts}, list(buffers))

    async def until(self, kind: str) -> tuple[dict[str, Any], list[bytes]]:
        async with asyncio.timeout(30):
            while True:
                found = [one for one in self.told if one[0]["kind"] == kind]
                if found:
                    return found[-1]
                self._news.clear()
                await self._news.wait()


def test_a_backend_without_a_screen_says_so() -> None:
    vm = VM("web", backend="noop").start()
    for refused in (vm.screenshot, lambda: vm.send_keys("a"), lambda: vm.type("a")):
        with pytest.raises(CapabilityError, match="the noop backend cannot do screen"):
            refused()
    with pytest.raises(CapabilityError, match="screen"):
        vm.wait_for_screen_text("a")
    assert vm._live.card()["no_screen"] == "The noop backend has no screen."

    async def scenario() -> list[tuple[dict[str, Any], list[bytes]]]:
        page = Page(vm._live)
        await page.ask("screen_open")
        await page.ask("screen_still")
        return page.told

    opened, still = (message for message, _ in runtime.run(scenario()))
    assert (opened["kind"], still["kind"]) == ("screen_closed", "screen_refused")
    assert "noop" in opened["reason"]
    assert "noop" in still["reason"]
    vm.destroy()


def test_a_page_gets_live_bytes_and_still_pictures_and_presses_keys(boot_sector: Path) -> None:
    with VM("web", image=boot_sector, memory=32) as vm:
        assert vm._live.card()["no_screen"] == "The screen opens here when the machine starts."
        vm.start()
        assert vm._live.card()["no_screen"] == ""

        async def scenario() -> None:
            page = Page(vm._live)
            await page.ask("screen_open")
            await page.until("screen_opened")
            assert (await page.until("screen_data"))[1][0].startswith(b"RFB 003.")
            await page.ask("screen_data", b"RFB 003.008\n")
            await page.ask("screen_ack", seq=12)
            await page.ask("screen_still")
            assert (await page.until("screen_still"))[1][0].startswith(b"\x89PNG")
            await page.ask("screen_keys", keys=["ctrl-alt-delete"])
            await page.ask("screen_type", text="ls")
            assert "screen_refused" not in [message["kind"] for message, _ in page.told]
            await page.ask("screen_keys", keys=["ctlr"])
            assert "ctrl" in (await page.until("screen_refused"))[0]["reason"]
            await page.ask("screen_close")

        runtime.run(scenario())


def test_a_view_hears_that_the_vm_was_stopped(boot_sector: Path) -> None:
    with VM("web", image=boot_sector, memory=32) as vm:
        page = runtime.run(opened(vm.start()._live))
        vm.stop(0)
        closed, _ = runtime.run(page.until("screen_closed"))
        assert "has stopped" in closed["reason"]


async def opened(live: Live) -> Page:
    page = Page(live)
    await page.ask("screen_open")
    return page
