"""Going back to what a real guest was after a cell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell import Shell, ipython
from vmnb import VM

pytestmark = pytest.mark.slow


@pytest.fixture
def guest(shared_homes: Path) -> Iterator[VM]:
    with VM("cell by cell", memory=128) as vm:
        vm.start().run("true", check=True)
        yield vm


@pytest.fixture
def shell(guest: VM) -> Iterator[Shell]:
    """A shell whose first cell has loaded the extension."""
    with ipython() as shell:
        yield shell


def test_each_cell_can_be_gone_back_to(
    shell: Shell, guest: VM, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.cell('%vm_autocheckpoint on "cell by cell"')
    for number in (3, 4, 5):
        shell.cell(f'%%vm "cell by cell"\necho after {number} > /dev/shm/cell')
    for number in (4, 5, 3):
        guest.rewind(f"In[{number}]")
        assert guest.run("cat /dev/shm/cell").stdout == f"after {number}\n"
    shell.cell('%%vm "cell by cell"\necho "$(cat /dev/shm/cell), and then 6" > /dev/shm/cell')
    guest.rewind("In[4]").rewind("In[6]")
    assert guest.run("cat /dev/shm/cell").stdout == "after 3, and then 6\n"
    table = guest.checkpoints.set_index("name")
    assert list(table.index) == [f"In[{number}]" for number in range(2, 7)]
    assert list(table["parent"]) == ["", "In[2]", "In[3]", "In[4]", "In[3]"]
    assert capsys.readouterr() == ("", "")
