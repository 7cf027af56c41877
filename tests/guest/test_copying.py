"""Files and trees in and out, by the distribution's real agent and over a real SSH connection."""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from vmnb.core.errors import DeadlineError, GuestError, SpecError
from vmnb.core.progress import Step, reporting_to
from vmnb.guest import SshWay, Way
from vmnb.guest.copy_in import copy_in
from vmnb.guest.copy_out import copy_out
from vmnb.guest.copying import guest_path
from vmnb.guest.pack import pack

from .agent import by_agent
from .ssh_server import Server, serving

Act = Callable[[Way], Awaitable[None]]


@pytest.fixture(params=["agent", "ssh"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Act], None]]:
    """Act by that way."""
    if request.param == "agent":
        path = request.getfixturevalue("agent_socket")
        yield lambda act: by_agent(path, act)
        return
    (tmp_path / "server").mkdir()
    server = Server(tmp_path / "server")

    async def by_ssh(act: Act) -> None:
        async with serving(server):
            ssh = SshWay(server.login)
            try:
                await act(ssh)
            finally:
                await ssh.aclose()

    yield lambda act: asyncio.run(by_ssh(act))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory with all kinds of things and names in it."""
    top = tmp_path / "a größe, 'quoted' $(x)"
    (top / "deep" / "er").mkdir(parents=True)
    (top / "empty").mkdir(mode=0o711)
    (top / "deep" / "er" / "data, 1").write_bytes(os.urandom(3_000_001))
    (top / "run.sh").write_text("#!/bin/sh\necho hi\n")
    (top / "run.sh").chmod(0o751)
    (top / "back\\slash").write_text("")
    (top / "-n").write_text("-e")
    (top / ("x" * 220)).write_text("long")
    (top / "link").symlink_to("deep/er")
    (top / "deep" / "up").symlink_to("../run.sh")
    (top / "dangling").symlink_to("nowhere")
    return top


def told(top: Path) -> dict[str, tuple[str, int, bytes | str]]:
    """Return all that is in a tree: kind and mode and contents by name."""
    facts: dict[str, tuple[str, int, bytes | str]] = {}
    for path in sorted(top.rglob("*")):
        name, mode = str(path.relative_to(top)), stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            facts[name] = ("link", 0, str(path.readlink()))
        elif path.is_dir():
            facts[name] = ("directory", mode, b"")
        else:
            facts[name] = ("file", mode, path.read_bytes())
    return facts


def test_a_tree_goes_in_and_out_as_it_is(
    way: Callable[[Act], None], tree: Path, tmp_path: Path
) -> None:
    inside, back = tmp_path / "made" / "in side", tmp_path / "back"

    async def act(way: Way) -> None:
        await copy_in(way, tree, str(inside))
        await copy_out(way, str(inside), back, into=False)

    way(act)
    assert told(inside) == told(back) == told(tree)
    times = {path.stat().st_mtime // 1 for path in (tree / "run.sh", back / "run.sh")}
    assert len(times) == 1
    assert not list(tmp_path.rglob(".vmnb-*"))


def test_copying_twice_changes_nothing_and_keeps_what_is_there(
    way: Callable[[Act], None], tree: Path, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"

    async def act(way: Way) -> None:
        await copy_in(way, tree, str(inside))
        (inside / "theirs").write_text("kept")
        (inside / "run.sh").write_text("changed")
        await copy_in(way, tree, f"{inside}")

    way(act)
    assert told(inside) == told(tree) | {"theirs": ("file", 0o644, b"kept")}


def test_a_slash_at_the_end_puts_it_in_there(
    way: Callable[[Act], None], tree: Path, tmp_path: Path
) -> None:
    async def act(way: Way) -> None:
        await copy_in(way, tree / "run.sh", f"{tmp_path}/in/")
        await copy_out(way, f"{tmp_path}/in/run.sh", tmp_path / "out", into=True)

    way(act)
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o777 == 0o751


def test_a_link_that_is_named_is_followed(
    way: Callable[[Act], None], tree: Path, tmp_path: Path
) -> None:
    async def act(way: Way) -> None:
        await copy_in(way, tree / "deep" / "up", f"{tmp_path}/one")
        await copy_out(way, f"{tree}/deep/up", tmp_path / "out", into=True)

    way(act)
    assert (tmp_path / "one").read_text() == (tmp_path / "out" / "up").read_text()
    assert not (tmp_path / "out" / "up").is_symlink()


def test_what_is_not_there_leaves_nothing(way: Callable[[Act], None], tmp_path: Path) -> None:
    async def act(way: Way) -> None:
        with pytest.raises(GuestError, match="there is no /nowhere in the guest"):
            await copy_out(way, "/nowhere", tmp_path / "out" / "x", into=False)
        with pytest.raises(SpecError, match="nowhere"):
            await copy_in(way, tmp_path / "nowhere", "/tmp/x")

    way(act)
    assert not list(tmp_path.rglob("out/*"))


def test_a_file_does_not_take_a_directorys_place(
    way: Callable[[Act], None], tree: Path, tmp_path: Path
) -> None:
    async def act(way: Way) -> None:
        with pytest.raises(GuestError, match="is a directory of the guest; to copy into it"):
            await copy_in(way, tree / "run.sh", str(tree / "deep"))
        with pytest.raises(SpecError, match="end it with a slash"):
            await copy_out(way, f"{tree}/run.sh", tree / "deep", into=False)

    way(act)
    assert not list(tmp_path.rglob(".vmnb-*"))


def test_what_takes_too_long_leaves_nothing(way: Callable[[Act], None], tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(2 << 30)
    inside = tmp_path / "inside"
    inside.mkdir()

    async def act(way: Way) -> None:
        with pytest.raises(DeadlineError, match="not done within 1 s"):
            await copy_in(way, big, f"{inside}/big", timeout_s=1)
        with pytest.raises(DeadlineError, match="not done within 1 s"):
            await copy_out(way, str(big), inside / "out", into=False, timeout_s=1)

    way(act)
    assert not list(inside.iterdir())


def test_what_leads_out_of_a_tree_is_refused(way: Callable[[Act], None], tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "passwd").symlink_to("/etc/passwd")

    async def act(way: Way) -> None:
        with pytest.raises(GuestError, match="leads out of what is copied"):
            await copy_out(way, str(bad), tmp_path / "out", into=False)

    way(act)
    assert [path.name for path in tmp_path.glob("out*")] == []


def test_progress_is_told_to_its_end(way: Callable[[Act], None], tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(9 << 20))
    told: list[Step] = []

    async def act(way: Way) -> None:
        with reporting_to(told.append):
            await copy_in(way, big, f"{tmp_path}/in")

    way(act)
    fractions = [step.fraction for step in told]
    assert {step.what for step in told} == {"copying big"}
    assert told[-1].bytes_total == 9 << 20
    assert fractions == sorted(fractions)
    assert len(fractions) > 5
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("path", ["", "relative", "~other/x", "a\0b", b"/x", None])
def test_a_path_that_is_none_of_the_guest_is_refused(path: str) -> None:
    with pytest.raises(SpecError, match="no path of the guest"):
        guest_path(path)


def test_what_cannot_be_copied_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SpecError, match="pipe is neither a file, a directory nor a link"):
        pack(tmp_path)
