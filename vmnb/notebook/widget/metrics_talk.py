"""The tab Metrics: while a page looks at it, the VM is measured and each sample sent."""

from collections.abc import Callable
from typing import Any, ClassVar

from vmnb.core.errors import VmnbError
from vmnb.core.metrics import Rates, Sample, with_rates
from vmnb.notebook.live.live import Live
from vmnb.notebook.widget.talk import Message, Send, Talk

__all__ = ["MetricsTalk"]

_WATCH_S = 30.0
"""How long a page is taken to look that says nothing more; it says so every ten seconds."""

_BEFORE = 10
"""Samples before the new ones that are looked at for their rates."""


class MetricsTalk(Talk):
    """Answers ``metrics_watch`` with what is remembered, then tells what is new."""

    kinds: ClassVar[frozenset[str]] = frozenset({"metrics_watch", "metrics_leave"})

    def __init__(self, live: Live, send: Send) -> None:
        self._live = live
        self._sampler = live.sampler
        self._send = send
        self._views: set[str] = set()
        self._end_subscription: Callable[[], None] | None = None
        self._told = 0

    async def handle(self, message: Message, _buffers: list[bytes]) -> None:
        """Let a view look on, or take note that it looks no more."""
        view = message["view"]
        if message["kind"] == "metrics_leave":
            self._views.discard(view)
            self._sampler.leave(view)
            return
        try:
            if not self._sampler.is_sampling:
                await self._sampler.fresh()
        except VmnbError as error:
            self._send({"kind": "metrics_refused", "view": view, "reason": error.message}, [])
            return
        if self._end_subscription is None:
            self._told = self._sampler.end
            self._end_subscription = self._sampler.subscribe(self._tell)
        self._views.add(view)
        self._sampler.watch(view, _WATCH_S)
        self._send(self._news(int(message["since"])) | {"view": view}, [])

    def leave(self) -> None:
        """Take the pages' looks for ended."""
        for view in self._views:
            self._sampler.leave(view)

    def _tell(self) -> None:
        """Tell all pages of a new sample, as long as one of them looks."""
        self._views &= self._sampler.watchers
        if not self._views and self._end_subscription is not None:
            self._end_subscription()
            self._end_subscription = None
            return
        self._send(self._news(self._told), [])
        self._told = self._sampler.end

    def _news(self, since: int) -> Message:
        """Return the samples from number `since` on, each with its rates."""
        first, samples = self._sampler.since(max(0, since - _BEFORE))
        points = [_point(sample, rates) for sample, rates in with_rates(samples)]
        skipped = min(max(0, since - first), len(points))
        last = self._sampler.last
        return {
            "kind": "metrics",
            "first": first + skipped,
            "points": points[skipped:],
            "notes": list(last.notes) if last else [],
        }


def _point(sample: Sample, rates: Rates | None) -> dict[str, Any]:
    """See ``MetricPoint`` in ``protocol.ts``."""
    per_s = rates.per_s if rates else {}
    return {
        "time_ms": round(sample.time.timestamp() * 1000),
        "cpu_percent": rates.cpu_percent if rates else None,
        "vcpu_percent": list(rates.vcpu_percent) if rates else [],
        "memory_mib": sample.memory_mib,
        "guest_memory_mib": sample.guest_memory_mib,
        "disk_read_bytes_per_s": per_s.get("disk_read_bytes"),
        "disk_written_bytes_per_s": per_s.get("disk_written_bytes"),
        "network_received_bytes_per_s": per_s.get("network_received_bytes"),
        "network_sent_bytes_per_s": per_s.get("network_sent_bytes"),
    }
