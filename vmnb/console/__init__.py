"""One reader per serial console, many views, and the screen as it stands."""

from vmnb.console.hub import Console

__all__ = ["Console"]
