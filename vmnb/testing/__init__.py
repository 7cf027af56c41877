"""What a backend is tested with, a third party's included."""

from vmnb.testing.contract import HypervisorContract

__all__ = ["HypervisorContract"]
