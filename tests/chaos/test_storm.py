"""Lives of VMs among processes that are killed: nothing is lost, wrong, or left."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.boot_sector import boot_disk
from tests.chaos.storm import Toll, storm

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(params=["noop", "qemu"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_leaves_true_states_and_nothing_else(
    homes: Path, tmp_path: Path, backend: str, seed: int
) -> None:
    assert os.environ["VMNB_HOME"].startswith(str(homes))
    image = str(boot_disk(tmp_path / "idle.img"))
    toll = asyncio.run(storm(seed, 30, backend=backend, image=image))
    assert toll.faults + toll.wrong + toll.left == []
    assert toll.lives >= 30
    assert toll.kernels > 0
    assert grown(toll) <= 2


def grown(toll: Toll) -> int:
    """Return by how many descriptors the worker that lived through all had more at its end."""
    counts = [report.descriptors for report in toll.steady]
    third = len(counts) // 3
    return min(counts[-third:]) - min(counts[third : 2 * third])
