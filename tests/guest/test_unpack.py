"""What a guest sends lands where it should, or nowhere."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from vmnb.core.errors import GuestError
from vmnb.guest.unpack import place, unpack

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", data: bytes = b"") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    return info, data


def stream(*members: Member) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    made.seek(0)
    return made


DIR, LINK, HARD = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
TOP = member("top", DIR)


@pytest.mark.parametrize(
    "members",
    [
        [member("../evil", data=b"x")],
        [member("/evil", data=b"x")],
        [TOP, member("top/../../evil", data=b"x")],
        [TOP, member("top/out", LINK, "..")],
        [TOP, member("top/out", LINK, "/etc")],
        [TOP, member("top/out", LINK, "a/../../..")],
        [TOP, member("top/a", DIR), member("top/a/l", LINK, ".."), member("top/n", LINK, "a/l/..")],
        [member("top", LINK, "/etc/passwd")],
        [TOP, member("top/hard", HARD, "/etc/passwd")],
        [TOP, member("top/hard", HARD, "../../evil")],
        [TOP, member("top/null", tarfile.CHRTYPE)],
        [TOP, member("top/fifo", tarfile.FIFOTYPE)],
    ],
)
def test_what_leads_out_is_refused(members: list[Member], tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(GuestError):
        unpack(stream(*members), into, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["into"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    into, other = tmp_path / "into", tmp_path / "other"
    into.mkdir()
    other.mkdir()
    members = [TOP, member("top/d", LINK, "e"), member("top/d/evil", data=b"x")]
    with pytest.raises((GuestError, OSError)):
        unpack(stream(*members), into, lambda _: None)
    assert not list(other.iterdir())


@pytest.mark.parametrize(
    "broken",
    [
        lambda data: b"not an archive at all" * 100,
        lambda data: data[:700],
        lambda data: b"",
    ],
)
def test_what_is_no_archive_is_an_error(broken: Callable[[bytes], bytes], tmp_path: Path) -> None:
    whole = stream(member("top", data=bytes(2000))).getvalue()
    with pytest.raises(GuestError):
        unpack(io.BytesIO(broken(whole)), tmp_path, lambda _: None)


def test_modes_links_and_names_are_kept_and_no_special_bits(tmp_path: Path) -> None:
    info, data = member("top/größe\n'x'", data=b"hello")
    info.mode = 0o6751
    long = "top/" + "x" * 200
    members = [
        TOP,
        (info, data),
        member("top/l", LINK, "größe"),
        member(long),
        member("top/h", HARD, long),
    ]
    sums = unpack(stream(*members), tmp_path, lambda _: None)
    made = tmp_path / "top" / "größe\n'x'"
    assert made.read_bytes() == b"hello"
    assert made.stat().st_mode & 0o7777 == 0o751
    assert (tmp_path / "top/l").readlink() == Path("größe")
    assert (tmp_path / "top/h").samefile(tmp_path / long)
    assert len(sums) == 3


def test_a_directory_that_is_there_keeps_what_is_not_replaced(tmp_path: Path) -> None:
    made, target, other = tmp_path / "made", tmp_path / "target", tmp_path / "other"
    for folder in (made / "sub", target / "sub", other):
        folder.mkdir(parents=True)
    (made / "sub" / "new").write_text("new")
    (target / "sub" / "old").write_text("old")
    (made / "away").mkdir()
    (made / "away" / "file").write_text("x")
    (target / "away").symlink_to(other)
    place(made, target)
    assert sorted(path.name for path in (target / "sub").iterdir()) == ["new", "old"]
    assert not (target / "away").is_symlink()
    assert not list(other.iterdir())
