"""Screens of a test that plays QEMU on a real socket."""

from tests.coroutines import pytest_pyfunc_call
from tests.listener import listener

__all__ = ["listener", "pytest_pyfunc_call"]
