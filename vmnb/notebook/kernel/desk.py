"""Who gets the messages that are taken out of a kernel's hands: a receiver for each comm."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["Receive", "deliver", "desk", "is_ours"]

Receive = Callable[[dict[str, Any], Sequence[Any]], None]
"""Takes the content and the buffers of a custom message, and returns at once."""

desk: dict[str, Receive] = {}
"""By comm. Kept by single operations, since any of the kernel's threads may look."""


def is_ours(content: Mapping[str, Any]) -> bool:
    """Whether a ``comm_msg`` has a receiver here; what ipywidgets itself handles has none."""
    data = content.get("data")
    is_custom = isinstance(data, dict) and data.get("method") == "custom" and "content" in data
    return is_custom and content.get("comm_id") in desk


def deliver(content: Mapping[str, Any], buffers: Sequence[Any]) -> None:
    """Hand on a message that :func:`is_ours`, unless its receiver has gone meanwhile."""
    if receive := desk.get(content["comm_id"]):
        receive(content["data"]["content"], buffers)
