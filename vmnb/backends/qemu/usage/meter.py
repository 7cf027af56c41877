"""Measures one run of QEMU: the host's kernel, QEMU and the guest are asked, each for its part."""

import asyncio
from collections.abc import Iterator
from functools import partial
from time import monotonic
from typing import Any

from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.backends.qemu.running.patience import Patient
from vmnb.backends.qemu.usage.guest_usage import GuestUsage, ask_guest
from vmnb.backends.qemu.usage.network_usage import NetworkMeter
from vmnb.backends.qemu.usage.usage import Usage, read_usage
from vmnb.core.errors import StateError
from vmnb.core.handle import VmHandle
from vmnb.core.history import utc_now
from vmnb.core.metrics import Sample, Traffic
from vmnb.guest.agent import GuestAgent

__all__ = ["Meter", "traffic_of"]

_FOR_EVER_S = 1e9
_SLOW_S = 5.0
"""How long what costs more to ask is kept: the guest's own word, and shares of shared pages."""

_QMP_S = 5.0
_AGENT_S = 2.0


class Meter:
    """Lives as long as its `attachment`.

    The process is the source that must answer; what another one fails to tell is left out, and a
    note of the sample says so.
    """

    def __init__(self, handle: VmHandle, attachment: Attachment) -> None:
        self.attachment = attachment
        self._name = handle.name
        self._process = attachment.process.identity
        ask = attachment.execute
        self._vcpus = Patient(partial(ask, "query-cpus-fast"), keep_s=_FOR_EVER_S, timeout_s=_QMP_S)
        self._disks = Patient(partial(ask, "query-blockstats"), keep_s=0.0, timeout_s=_QMP_S)
        agent = GuestAgent.of(handle.agent_socket) if handle.agent_socket else None
        self._guest = (
            Patient(
                partial(ask_guest, attachment, agent, _AGENT_S), keep_s=_SLOW_S, timeout_s=_AGENT_S
            )
            if agent
            else None
        )
        self._network = NetworkMeter(handle, self._process)
        self._pss_mib: float | None = None
        self._pss_due = 0.0

    async def sample(self) -> Sample:
        """Look at everything once.

        Raises
        ------
        StateError
            The process is over.
        """
        vcpus = await self._vcpus.answer() or []
        usage = await self._usage([vcpu["thread-id"] for vcpu in vcpus])
        time, clock_s = utc_now(), monotonic()
        disks = await self._disks.answer()
        guest = await self._guest.answer() if self._guest else None
        network = await self._network.moved(guest)
        received, sent = network.moved or (None, None)
        return Sample(
            time=time,
            clock_s=clock_s,
            run=f"{self._process.pid}:{self._process.start}",
            cpu_s=usage.cpu_s,
            vcpu_s=usage.threads_s,
            memory_mib=usage.memory_mib,
            memory_pss_mib=self._pss_mib,
            guest_memory_mib=guest.memory_mib if guest else None,
            traffic=traffic_of(disks or [], received, sent),
            notes=(*self._notes(guest), *network.notes),
        )

    async def _usage(self, threads: list[int]) -> Usage:
        pss = monotonic() >= self._pss_due
        try:
            usage = await asyncio.to_thread(read_usage, self._process, threads, pss=pss)
        except ProcessLookupError as error:
            raise StateError(
                f"{self._name!r} uses nothing: it does not run", hint="start it first"
            ) from error
        if pss:
            self._pss_mib, self._pss_due = usage.pss_mib, monotonic() + _SLOW_S
        return usage

    def _notes(self, guest: GuestUsage | None) -> Iterator[str]:
        asked = (
            ("virtual CPUs", self._vcpus),
            ("disk", self._disks),
            ("the guest's memory", self._guest),
        )
        for what, patient in asked:
            if patient is not None and patient.problem:
                yield f"{what}: not known ({patient.problem})"
        if guest is not None and guest.memory_mib is None:
            yield "the guest's memory: not known, for no guest agent runs"


def traffic_of(blockstats: list[dict[str, Any]], received: int | None, sent: int | None) -> Traffic:
    """Return the sum over all disks of QMP's ``query-blockstats``, and the network's bytes."""

    def total(name: str) -> int | None:
        return sum(disk["stats"][name] for disk in blockstats) if blockstats else None

    return Traffic(
        disk_read_bytes=total("rd_bytes"),
        disk_written_bytes=total("wr_bytes"),
        disk_reads=total("rd_operations"),
        disk_writes=total("wr_operations"),
        network_received_bytes=received,
        network_sent_bytes=sent,
    )
