"""A lab of real guests."""

from urllib.request import urlopen

import pytest

from vmnb import VM, Lab, machines
from vmnb.core.errors import LabError

from .conftest import Write

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LAB = """\
name: shop
vm:
  web:
    memory: 128
    needs: [db]
    network: {mode: user, forward: [80]}
    provision:
      - mkdir /srv
      - {file: index.html, to: /srv/index.html}
      - script: serve.sh
  db:
    memory: 128
"""


def test_a_lab_is_provisioned_once_reloaded_and_destroyed(write: Write) -> None:
    write("grüße\n", "index.html")
    write("#!/bin/sh\nexit 7\n", "serve.sh")
    lab = Lab.load(write(LAB, "lab.yaml"))
    try:
        with pytest.raises(LabError, match=r"web: step 3 of 3 .*serve\.sh\) failed: exit code 7"):
            lab.up()
        assert [row[2] for row in lab.status().values.tolist()] == ["running", "running"]
        assert provisionings("shop.web") == ["failure"]

        lab["web"].run("rm -r /srv", check=True)
        write("#!/bin/sh\necho httpd -h /srv >> /etc/served\nhttpd -h /srv\n", "serve.sh")
        assert fetched(lab.up()) == "grüße\n"
        ready = VM.attach("shop.db").history
        assert "ready" in set(ready.action)
        assert ready.time[ready.action == "ready"].iloc[0] < started("shop.web")

        lab.reload("web")
        lab["web"].run("httpd -h /srv", check=True)
        assert fetched(lab) == "grüße\n"
        assert lab["web"].run("cat /etc/served").stdout == "httpd -h /srv\n"
        assert provisionings("shop.web") == ["failure", "user"]
        assert list(lab.down().status().state) == ["stopped", "stopped"]
    finally:
        lab.destroy()
    assert machines().empty


def provisionings(name: str) -> list[str]:
    """Return who caused each end of a provisioning, in order."""
    history = VM.attach(name).history
    return list(history.cause[history.action == "provision"])


def started(name: str) -> object:
    history = VM.attach(name).history
    return history.time[history.action == "start"].iloc[0]


def fetched(lab: Lab) -> str:
    port = lab.status().forwards[0].removesuffix("→80")
    with urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
        return str(answer.read().decode())
