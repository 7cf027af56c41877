"""What a lab file asks for, and every error in it with its line, before anything is made."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from vmnb import CloudInitConfig, Forward, Lab, NetworkConfig, SshConfig, VmSpec, machines
from vmnb.core.errors import SpecError, VmNotFoundError
from vmnb.lab import LabPlan, find_lab, read_plan

from .conftest import Write

TOML = """\
name = "shop"

[vm.web]
vcpus = 2
memory = "512M"
disk = "8G"
uefi = true
boot = "cold"
ssh = "ada"
cloud_init = { file = "web.yaml" }
network = { mode = "user", forward = { "8080" = 80 }, restrict = true }
provision = ["true", { script = "setup.sh" }, { file = "a.txt", to = "/etc/a" }]
needs = ["db"]

[vm.db]
image = "db.img"
backend = "noop"
cloud_init = { hostname = "db", users = ["default"] }
network = "none"
ssh = { user = "bob", private_key = "key", public_key = "ssh-ed25519 AAAA" }
"""
YAML = """\
name: shop
vm:
  web:
    vcpus: 2
    memory: 512M
    disk: 8192
    uefi: yes
    boot: cold
    ssh: ada
    cloud_init: {file: web.yaml}
    network: {mode: user, forward: {8080: 80}, restrict: true}
    provision:
      - "true"
      - script: setup.sh
      - {file: a.txt, to: /etc/a}
    needs: [db]
  db:
    image: ./db.img
    backend: noop
    cloud_init: {hostname: db, users: [default]}
    network: none
    ssh: {user: bob, private_key: key, public_key: ssh-ed25519 AAAA}
"""
FILES = ("web.yaml", "setup.sh", "a.txt", "db.img", "key")


@pytest.fixture
def files(write: Write) -> None:
    """Every file that the labs above name."""
    for name in FILES:
        write("#cloud-config\n{}\n", name)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("name", "text"), [("lab.toml", TOML), ("lab.yaml", YAML)])
def test_every_key_is_an_argument_of_a_vm(write: Write, name: str, text: str) -> None:
    plan = read_plan(write(text, name))
    here = Path.cwd()
    web, db = plan.members["web"], plan.members["db"]
    assert (plan.name, web.name, db.name) == ("shop", "shop.web", "shop.db")
    assert (web.spec.vcpus, web.spec.memory_mib, web.spec.disk_mib) == (2, 512, 8192)
    assert (web.spec.image, web.spec.uefi, web.spec.ssh) == ("tiny", True, SshConfig(user="ada"))
    assert web.spec.boot == "cold"
    assert web.spec.cloud_init == CloudInitConfig(user_data="#cloud-config\n{}\n")
    forward = Forward(guest_port=80, host_port=8080)
    assert web.spec.network == NetworkConfig(forwards=(forward,), restrict=True)
    assert web.provision == ("true", here / "setup.sh", (here / "a.txt", "/etc/a"))
    assert (web.needs, db.needs, web.backend, db.backend) == (("db",), (), None, "noop")
    assert (db.spec.image, db.spec.memory_mib) == (str(here / "db.img"), 1024)
    assert db.spec.cloud_init is not None
    assert db.spec.cloud_init.user_data == "#cloud-config\nhostname: db\nusers:\n- default\n"
    key = SshConfig(user="bob", private_key=here / "key", public_key="ssh-ed25519 AAAA")
    assert (db.spec.network, db.spec.ssh) == (NetworkConfig.none(), key)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ('"user"', NetworkConfig.user()),
        ('{ mode = "none" }', NetworkConfig.none()),
        ('{ mode = "user", forward = [80, 81] }', NetworkConfig.user([80, 81])),
        ('{ mode = "private", name = "lan" }', NetworkConfig.private("lan")),
        ('{ mode = "private", name = "lan", forward = [1] }', NetworkConfig.private("lan", [1])),
        ('{ mode = "tap", bridge = "br0" }', NetworkConfig.tap("br0")),
        ('{ mode = "vnic", name = "net0" }', NetworkConfig.vnic("net0")),
    ],
)
def test_every_network_can_be_written(write: Write, network: str, expected: NetworkConfig) -> None:
    plan = read_plan(write(f"[vm.a]\nnetwork = {network}\n"))
    assert plan.members["a"].spec.network == expected


def test_without_a_name_the_vms_have_their_own_and_the_lab_that_of_its_directory(
    write: Write,
) -> None:
    plan = read_plan(write("[vm.a]\n"))
    assert (plan.name, plan.members["a"].name) == (Path.cwd().name, "a")


def test_a_vm_of_which_nothing_is_said_is_the_default(write: Write) -> None:
    for name, text in (("lab.toml", "[vm.a]\n"), ("lab.yaml", "vm:\n  a:\n")):
        assert read_plan(write(text, name)).members["a"].spec == VmSpec(name="a", memory_mib=256)


def test_what_only_looks_like_a_path_stays_a_name(write: Write) -> None:
    for image in ("tiny", "debian-12", "ubuntu-24.04", "https://example.org/a.img", "oci://h/r:t"):
        assert read_plan(write(f'[vm.a]\nimage = "{image}"\n')).members["a"].spec.image == image


SHAPES = """\
nam = "x"
[vm.web]
imgae = "tiny"
memory = [1]
network = "usr"
needs = "db"
provision = [1, { script = 2 }, { file = "x" }, { frob = 1 }]
cloud_init = 7
ssh = { usr = "x" }
[vm.db]
vcpus = 0
uefi = 1
network = { forward = { "0" = 80, x = 0 }, mode = "bus" }
[vm]
c = 1
"""
SHAPES_SAY = [
    "1:1: the file has no key 'nam'",
    "3:1: the VM 'web' has no key 'imgae'",
    "4:1: memory of 'web' is a list",
    "5:1: network of 'web' is 'usr'",
    "6:1: needs of 'web' is text",
    "7:14: provision[0] of 'web' is a whole number",
    "7:19: provision[1].script of 'web' is a whole number",
    "7:33: provision[2] of 'web' lacks to",
    "7:49: provision[3] of 'web' lacks script",
    "7:51: provision[3] of 'web' has no key 'frob'",
    "8:1: cloud_init of 'web' is a whole number",
    "9:9: ssh of 'web' has no key 'usr'",
    "11:1: vcpus of 'db' is 0",
    "12:1: uefi of 'db' is a whole number",
    "13:25: '0' is not a port",
    "13:35: 'x' is not a port",
    "13:35: network.forward.x of 'db' is 0",
    "13:44: network.mode of 'db' is 'bus'",
    "15:1: the VM 'c' is a whole number",
]
VALUES = """\
name: shop
vm:
  web:
    memory: 12 apples
    disk: 0.3M
    image: ./nope.qcow2
    needs: [bd, db]
    cloud_init: {file: nope.yaml}
    provision:
      - echo
      - script: nope.sh
      - {file: nope, to: /x}
    backend: qemo
  db:
    needs: [cache]
    network: {mode: tap}
    ssh: no name
  cache:
    needs: [db]
    cloud_init: "password: geheim"
  a/b:
    network: {mode: user, name: x}
"""
VALUES_SAY = [
    "4:5: memory '12 apples' is not a size",
    "5:5: disk '0.3M' is 0.3 MiB",
    "6:5: cannot find /",
    "7:13: 'web' needs 'bd', which is not here",
    "8:5: cannot find /",
    "11:9: cannot find /",
    "12:9: cannot find /",
    "13:5: there is no backend 'qemo'",
    "15:5: these need each other: db → cache → db",
    "16:5: network tap needs bridge",
    "17:5: 'no name' is not a login name",
    "20:5: cloud-init would not know what the user data is",
    "21:3: the name 'shop.a/b' has a '/'",
    "22:5: network user takes no name",
]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [("lab.toml", SHAPES, SHAPES_SAY), ("lab.yaml", VALUES, VALUES_SAY)],
)
def test_every_error_is_told_at_once_with_its_line_and_column(
    write: Write, name: str, text: str, says: list[str]
) -> None:
    with pytest.raises(SpecError) as caught:
        Lab.load(write(text, name))
    first, *lines = [line for line in str(caught.value).splitlines() if "→ " not in line[:5]]
    assert first == f"{name} has {len(says)} errors"
    for line, said in zip(sorted(lines), sorted(f"{name}:{said}" for said in says), strict=True):
        assert line.startswith(said)
    assert "geheim" not in str(caught.value)
    assert machines().empty


def test_an_unknown_key_names_the_one_that_was_meant(write: Write) -> None:
    with pytest.raises(SpecError, match="did you mean 'memory'") as caught:
        read_plan(write("[vm.web]\nmemroy = 1\n"))
    assert caught.value.message == "lab.toml:2:1: the VM 'web' has no key 'memroy'"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("lab.toml", "", r"toml:1:1: the file lacks vm\n→ vm is a table"),
        ("lab.yaml", "vm: {}\n", "yaml:1:1: vm is empty"),
        ("lab.yaml", "vm:\n  a: {}\n  b: {}\n  a: {}\n", "yaml:4:3: 'a' stands here a second time"),
        ("lab.yaml", 'vm:\n  "é": {}\n  "e\u0301": {}\n', "yaml:3:3: the VM 'é' stands here a sec"),
        ("lab.toml", 'name = "a/b"\n[vm.a]\n', "toml:1:1: the name 'a/b' has a '/'"),
        ("lab.toml", f"[vm.{'x' * 201}]\n", "toml:1:2: the name 'x+…' has 201 characters"),
        ("lab.toml", '[vm.a]\nneeds = ["a"]\n', "toml:2:1: these need each other: a → a"),
        ("lab.toml", '[vm.a]\nimage = "/"\n', "toml:2:1: / is a directory"),
        ("lab.toml", '[vm.a]\nimage = "~no/x"\n', "toml:2:1: there is no such home directory"),
        ("lab.toml", '[vm.a]\nimage = "a\\u0000/b"\n', "toml:2:1: cannot find .*null"),
        ("lab.toml", '[vm.a]\nvcpus = "2"\n', "toml:2:1: vcpus of 'a' is text"),
        ("lab.toml", "[vm.a]\nvcpus = 2.0\n", "toml:2:1: vcpus is 2.0"),
        ("lab.toml", "[vm.a]\nmemory = true\n", "toml:2:1: memory of 'a' is true or false"),
        ("lab.toml", "[vm.a]\nnetwork = { forward = [1] }\n", "network of 'a' lacks mode"),
    ],
)
def test_an_error_is_told_with_its_place(write: Write, name: str, text: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        read_plan(write(text, name))


@pytest.mark.usefixtures("files")
def test_what_the_file_does_not_have_cannot_be_meant(write: Write) -> None:
    plan: LabPlan = read_plan(write(TOML))
    assert plan.named(["db", "web"]) == ["web", "db"]
    assert plan.with_needs(plan.named("web")) == ["web", "db"]
    with pytest.raises(VmNotFoundError, match=r"lab\.toml has no VM 'wbe'\n→ did you mean 'web'"):
        plan.named("wbe")


def test_the_nearest_lab_file_above_is_found(
    write: Write, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = homes / "work"
    (work / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(work / "a" / "b")
    with pytest.raises(SpecError, match=r"there is no lab\.toml, lab\.yaml, lab\.yml in"):
        find_lab()
    write("vm: {a: {}}\n", "lab.yml")
    assert find_lab() == work / "lab.yml"
    (work / "a" / "lab.yaml").write_text("vm: {a: {}}\n")
    assert find_lab() == work / "a" / "lab.yaml"
    monkeypatch.chdir(work)
    assert find_lab() == Path("lab.yml")


def test_the_schema_is_one_and_each_property_says_what_it_is() -> None:
    schema = Lab.schema()
    Draft202012Validator.check_schema(schema)
    assert all("description" in each for each in schema["$defs"]["vm"]["properties"].values())
