"""Files of memory: copied with their holes, found again, and known by their content."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb.backends.qemu.disk.digest import file_digest
from vmnb.backends.qemu.disk.sparse import copy_sparse
from vmnb.backends.qemu.instants.memory import frozen_memory, memory_of, new_memory

MIB = 1 << 20


@pytest.fixture
def memory() -> Iterator[int]:
    """A memory of 64 MiB with something at its beginning, inside, and at its end."""
    descriptor = new_memory(64)
    for offset, data in ((0, b"first"), (20 * MIB + 12345, b"within"), (64 * MIB - 4, b"last")):
        os.pwrite(descriptor, data, offset)
    os.pwrite(descriptor, bytes(4 * MIB), 40 * MIB)  # touched, and nothing but zeros
    yield descriptor
    os.close(descriptor)


def test_a_copy_is_the_same_and_has_holes_where_there_are_zeros(
    memory: int, tmp_path: Path
) -> None:
    path = tmp_path / "copy"
    with path.open("w+b") as copy:
        copy_sparse(memory, copy.fileno())
        assert os.pread(copy.fileno(), 64 * MIB, 0) == os.pread(memory, 64 * MIB, 0)
    assert path.stat().st_size == 64 * MIB
    assert path.stat().st_blocks * 512 < MIB


def test_an_empty_memory_is_copied_to_its_size(tmp_path: Path) -> None:
    empty = new_memory(8)
    path = tmp_path / "copy"
    with path.open("wb") as copy:
        copy_sparse(empty, copy.fileno())
    os.close(empty)
    assert (path.stat().st_size, path.stat().st_blocks) == (8 * MIB, 0)


def test_the_memory_of_a_process_is_found_and_a_frozen_one_is_not_its_own(memory: int) -> None:
    found = memory_of(os.getpid())
    assert found is not None
    assert os.path.samestat(found.stat(), os.fstat(memory))
    os.close(frozen_memory(8))


def test_a_process_on_anothers_memory_has_none_of_its_own() -> None:
    frozen = frozen_memory(8)
    assert memory_of(os.getpid()) is None
    os.close(frozen)


def test_a_digest_tells_content_and_size_and_not_holes(tmp_path: Path) -> None:
    holes, zeros, other, longer = (tmp_path / name for name in ("a", "b", "c", "d"))
    data = b"x" * 5000
    for path, size in ((holes, 8 * MIB), (longer, 9 * MIB)):
        with path.open("wb") as file:
            file.truncate(size)
            os.pwrite(file.fileno(), data, 3 * MIB)
    zeros.write_bytes(bytes(3 * MIB) + data + bytes(5 * MIB - len(data)))
    changed = bytearray(zeros.read_bytes())
    changed[3 * MIB + 7] ^= 1
    other.write_bytes(changed)
    assert file_digest(holes) == file_digest(zeros)
    assert len({file_digest(path) for path in (holes, other, longer)}) == 3
