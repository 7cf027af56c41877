"""What the stand-in does when it is asked: the API's calls, without HTTP."""

from typing import Any

from vmnb.testing.propolis.history import ExpiredError
from vmnb.testing.propolis.instance import DeniedError, Instance

__all__ = ["Answer", "RefusedError", "Service"]

Answer = tuple[int, Any]
"""A status, and JSON or None."""


class RefusedError(Exception):
    """An error to be answered."""

    def __init__(self, status: int, message: str, error_code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code


class Service:
    """One server: it has one instance at a time."""

    def __init__(self, step_s: float) -> None:
        self.instance: Instance | None = None
        self._step_s = step_s

    def put_instance(self, body: dict[str, Any]) -> Answer:
        """Make an instance."""
        if self.instance is not None and self.instance.state not in ("Destroyed", "Failed"):
            raise RefusedError(409, "instance already initialized", "AlreadyInitialized")
        if body["init"]["method"] != "Spec":
            raise RefusedError(400, "this stand-in takes migrations from another stand-in alone")
        spec = body["init"]["value"]["spec"]
        _check_components(spec["components"])
        self.instance = Instance(body["properties"], spec, self._step_s)
        return 201, {"migrate": None}

    def get_instance(self) -> Answer:
        """Show the instance."""
        it = self.known()
        return 200, {"instance": {"properties": it.properties, "state": it.state}}

    def get_spec(self) -> Answer:
        """Show what the instance is made of."""
        it = self.known()
        spec = {"type": "Present", "value": it.spec}
        return 200, {"properties": it.properties, "state": it.state, "spec": spec}

    def put_state(self, wanted: str) -> Answer:
        """Ask the instance to run, to stop or to reboot."""
        try:
            self.known().request(wanted)
        except DeniedError as denied:
            code = f"instance state change not allowed: {denied}"
            raise RefusedError(403, "Forbidden", code) from denied
        return 204, None

    async def monitor(self, body: dict[str, Any]) -> Answer:
        """Wait for a generation."""
        it = self.known()
        if not await it.wait(body["gen"]):
            message = f"No instance present; will never reach generation {body['gen']}"
            raise RefusedError(410, message, "NoInstance")
        return 200, {"gen": it.gen, "state": it.state, "migration": it.migration}

    def get_migrations(self) -> Answer:
        """Show how migrations went."""
        return 200, self.known().migration

    def get_history(self, query: dict[str, int | None]) -> Answer:
        """Show a part of what the serial port has said."""
        it = self.active()
        if (query["from_start"] is None) == (query["most_recent"] is None):
            raise RefusedError(
                400, "Exactly one of 'from_start' or 'most_recent' must be specified."
            )
        try:
            data, end = it.history.read(**query)
        except ExpiredError as error:
            raise RefusedError(400, str(error)) from error
        return 200, {"data": list(data), "last_byte_offset": end}

    def post_nmi(self) -> Answer:
        """Interrupt the guest, which has nothing to interrupt."""
        self.active()
        return 200, None

    def known(self) -> Instance:
        """Return the instance, alive or not; 424 where there never was one."""
        if self.instance is None:
            raise RefusedError(424, "Server not initialized (no instance)", "NoInstance")
        return self.instance

    def active(self) -> Instance:
        """Return the instance that lives; 424 where there is none."""
        it = self.known()
        if not it.is_active:
            raise RefusedError(424, "Server not initialized (no instance)", "NoInstance")
        return it


def _check_components(components: dict[str, dict[str, Any]]) -> None:
    """Refuse what the schemas allow and the server does not."""
    paths = []
    for name, entry in components.items():
        component = entry["component"]
        backend = component.get("backend_id")
        if backend is not None and (backend == name or backend not in components):
            raise RefusedError(400, f"device {name} has no backend {backend}")
        if "pci_path" in component:
            paths.append(tuple(sorted(component["pci_path"].items())))
        for option in component.get("order", ()):
            if option["id"] not in components:
                raise RefusedError(400, f"boot option {option['id']} is no device")
    if len(paths) != len(set(paths)):
        raise RefusedError(400, "two devices are at the same PCI path")
