"""Lab files and cloud-init's documents: read, or refused in words."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vmnb.core.errors import SpecError
from vmnb.lab import read_plan
from vmnb.seed import cloud_init

from .inputs import MANY, damaged, refused_in_words

TOML = [
    b'name = "lab"\n[vm.web]\nimage = "tiny"\nmemory = 64\nneeds = ["db"]\n[vm.db]\n',
    b"[vm.web]\nvcpus = " + b"9" * 5000 + b"\n",
    b"[vm.web]\nmemory = 2024-13-45\n",
    b"[vm.web]\nnetwork = { mode = 'user', forward = { 8080 = 80 } }\n[[vm.web.provision]]\n",
    b"a = " + b"[" * 1200,
]
YAML = [
    b"vm:\n  web: {image: tiny, memory: 64M, needs: [db]}\n  db: {}\n",
    b"vm:\n  web: {vcpus: " + b"9" * 5000 + b"}\n",
    b"vm:\n  web: {memory: 2024-13-45}\n",
    b"vm:\n  web: {memory: 0b, disk: 0x, vcpus: 1:99, image: .inf}\n",
    b"vm: &a\n  web: *a\n",
    b"a: " + b"[" * 1200,
]


def bomb(levels: int = 9) -> bytes:
    """Return a small document that unfolds to a thousand million values."""
    lines = ["a0: &a0 {k: 1}"]
    lines += [
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\nb{n}: &b{n} "
        f"[{', '.join([f'*b{n - 1}' if n > 1 else 'x'] * 10)}]"
        for n in range(1, levels + 1)
    ]
    return "\n".join(lines).encode()


def read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with refused_in_words(SpecError):
        read_plan(path)


@given(content=damaged(*TOML[:-1]))
@example(content=TOML[1])
@example(content=TOML[2])
@example(content=TOML[4])
@MANY
def test_a_lab_file_in_toml_may_be_nonsense(content: bytes, folder: Path) -> None:
    read(folder / "lab.toml", content)


@given(content=damaged(*YAML[:-1]))
@example(content=YAML[1])
@example(content=YAML[2])
@example(content=YAML[3])
@example(content=YAML[5])
@MANY
def test_a_lab_file_in_yaml_may_be_nonsense(content: bytes, folder: Path) -> None:
    read(folder / "lab.yaml", content)


def test_a_document_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_bytes(bomb())
    with pytest.raises(SpecError, match="too large"):
        read_plan(tmp_path / "lab.yaml")
    assert cloud_init("#cloud-config\n" + bomb().decode()).user_data


@given(
    st.sampled_from(["#cloud-config\n", "#!", "", "From "]),
    damaged(*YAML[:-1]).map(lambda data: data.decode(errors="replace")),
)
@example("#cloud-config\n", YAML[2].decode())
@example("#cloud-config\n", YAML[3].decode())
@example("#cloud-config\n", YAML[5].decode())
@MANY
def test_user_data_may_be_nonsense(head: str, text: str) -> None:
    with refused_in_words(SpecError) as words:
        cloud_init(network_config=text or "x", vendor_data=head + text or "x")
    with refused_in_words(SpecError) as more_words:
        cloud_init(head + text or "x")
    assert len(text) < 9 or text not in "".join((*words, *more_words))
