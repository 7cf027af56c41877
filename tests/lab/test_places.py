"""Each key of a file is found where it stands, however it is written."""

import tomllib
from pathlib import Path

import pytest

from vmnb.core.errors import SpecError
from vmnb.lab.document import read_document
from vmnb.lab.places import KeyPath, Places
from vmnb.lab.toml_places import toml_places
from vmnb.lab.yaml_values import yaml_values

from .conftest import Write

TOML = r'''# name = "no"
name = "x"  # [hi]
a."b.c" . 'd' = 1
s = """x " [a]
 k = 1 ""\"""""
l = """"two quotes"""""
m = '''
TOML += """'''
it''s ] = [
''''
d = 1979-05-27 07:32:00
\t[ vm . "w=b" ]
network = { mode = "user", forward = { "8080" = 80, 9=[1,[2, 3,], {a=1}] } } # }
provision = [ "a, ]", # ]
   { script = 'x"' },
]
[[vm.steps]]
a=1
[[ vm.steps ]]
b=2
[vm.steps.sub]
c=3
[[vm.steps.deep]]
d="é"
"""
TOML += "e = 2\r\nlast = true"


def paths_of(value: object, path: KeyPath = ()) -> set[KeyPath]:
    """Return the path of every value in `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    found = set()
    for key, each in items:
        found |= {(*path, key)}
        found |= paths_of(each, (*path, key)) if isinstance(each, dict | list) else set()
    return found


def test_every_key_of_a_toml_file_has_a_place() -> None:
    assert set(toml_places(TOML)) == paths_of(tomllib.loads(TOML))


def test_the_places_of_a_toml_file_are_those_of_its_keys() -> None:
    lines = TOML.split("\n")

    def at(path: KeyPath) -> str:
        line, column = toml_places(TOML)[path]
        return lines[line - 1][column - 1 :]

    assert at(("name",)).startswith('name = "x"')
    assert at(("a", "b.c", "d")).startswith('a."b.c"')
    assert at(("l",)).startswith("l = ")
    assert at(("vm", "w=b")).startswith('vm . "w=b"')
    assert at(("vm", "w=b", "network", "forward", "9", 1)).startswith("[2, 3,]")
    assert at(("vm", "w=b", "provision", 1, "script")).startswith("script")
    assert at(("vm", "steps", 1)).startswith("vm.steps ]]")
    assert at(("vm", "steps", 1, "sub", "c")) == "c=3"
    assert at(("vm", "steps", 1, "deep", 0, "e")).startswith("e = 2")
    assert at(("vm", "steps", 1, "deep", 0, "last")) == "last = true"


def test_a_yaml_key_is_the_text_that_is_written() -> None:
    values, _, _ = yaml_values("8080: 80\non: yes\n~: 1\n1.0: x\n")
    assert values == {"8080": 80, "on": True, "~": 1, "1.0": "x"}


def test_yaml_values_that_are_merged_and_repeated_are_values_as_others_are() -> None:
    text = "a: &a {m: 1, k: [x]}\nb: &b\n  <<: *a\n  m: 2\nc: *b\nd: *b\n"
    values, places, twice = yaml_values(text)
    assert values["c"] == values["d"] == {"m": 2, "k": ["x"]}
    assert twice == []
    expected: Places = {("c", "m"): (4, 3), ("b", "k", 0): (1, 18), ("d",): (6, 1)}
    assert {path: places[path] for path in expected} == expected


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("lab.toml", "[vm.a]\nx = [1,\n[vm.b]\n", r"lab\.toml:3:2: invalid value"),
        ("lab.toml", '[vm.a]\nx = """a\n', r"lab\.toml:3:1: unterminated string"),
        ("lab.toml", "[vm.a]\n[vm.a]\n", r"lab\.toml:2:\d: cannot declare \('vm', 'a'\) twice"),
        ("lab.yaml", "vm:\n  a: {}\n b: x\n", r"lab\.yaml:3:2: expected <block end>"),
        ("lab.yml", "- 1\n", r"lab\.yml:1:1: this is no mapping"),
        ("lab.yml", "a: 1\n? [x]\n: 2\n", r"lab\.yml:2:3: a key is text"),
        ("lab.yml", "a: &a [1, *a]\n", r"lab\.yml:1:4: this stands in itself"),
        ("lab.yml", "a: !!python/name:os.system x\n", r"lab\.yml:1:4: could not determine"),
        ("lab.yml", "a: 1\n---\nb: 2\n", r"lab\.yml:2:1: but found another document"),
        ("lab.yml", "a: \a\n", r"lab\.yml is not YAML: .*special characters"),
    ],
)
def test_what_is_no_toml_or_yaml_is_told_with_its_place(
    write: Write, name: str, text: str, says: str
) -> None:
    with pytest.raises(SpecError, match=says):
        read_document(write(text, name))


def test_values_that_multiply_without_end_are_refused(write: Write) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(SpecError, match="too large"):
        read_document(write("\n".join(lines), "lab.yaml"))


@pytest.mark.parametrize("name", ["lab.toml", "lab.yaml"])
def test_values_too_deep_are_refused(write: Write, name: str) -> None:
    text = {"lab.toml": "a = " + "[" * 9999, "lab.yaml": "a: " + "[" * 9999}[name]
    with pytest.raises(SpecError, match=f"{name} is nested too deeply"):
        read_document(write(text, name))


def test_what_is_not_utf_8_is_told_with_its_line(write: Write) -> None:
    path = write("")
    path.write_bytes(b"# one\nname = '\xff'\n")
    with pytest.raises(SpecError, match=r"lab\.toml:2: this is not UTF-8"):
        read_document(path)


def test_the_mark_that_some_editors_put_first_does_not_matter(write: Write) -> None:
    path = write("")
    path.write_bytes(b"\xef\xbb\xbfname = 'x'\n")
    assert read_document(path).value == {"name": "x"}


def test_a_file_that_is_not_there_is_told(homes: Path) -> None:
    with pytest.raises(SpecError, match=r"cannot read nope\.toml: No such file"):
        read_document(Path("nope.toml"))
