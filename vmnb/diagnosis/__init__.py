"""What this machine can do, looked at and not changed: a file for each subject.

``vmnb doctor`` and ``vmnb.doctor()`` show it. Nothing is started but QEMU, to ask it what it
offers, which is kept in the cache, and to try its accelerators.
"""

import asyncio

from vmnb.diagnosis.bridges import look_at_bridges
from vmnb.diagnosis.configuration import look_at_configuration
from vmnb.diagnosis.emulator import look_at_emulator
from vmnb.diagnosis.finding import Finding, Level
from vmnb.diagnosis.keys import look_at_keys
from vmnb.diagnosis.memory import look_at_memory
from vmnb.diagnosis.packages import look_at_packages
from vmnb.diagnosis.places import look_at_places
from vmnb.diagnosis.programs import look_at_programs

__all__ = ["Finding", "Level", "diagnose"]


async def diagnose() -> tuple[Finding, ...]:
    """Return what was found, always in the same order of subjects."""
    rest = await asyncio.to_thread(_rest)  # first, for what is kept of QEMU is made in a place
    return (*await look_at_emulator(), *rest)


def _rest() -> tuple[Finding, ...]:
    return (
        look_at_bridges(),
        *look_at_places(),
        *look_at_memory(),
        look_at_configuration(),
        *look_at_programs(),
        look_at_keys(),
        *look_at_packages(),
    )
