"""Virtual machines that are nearly there before anybody asks for them."""

from vmnb.core import runtime
from vmnb.core.errors import SpecError

__all__ = ["POOL_MAX", "pool"]

POOL_MAX = 32
"""Most that may wait: each is a guest that stands still, of some 60 MiB for the tiny one."""


def pool(size: int) -> None:
    """Let `size` guests wait for VMs to come, so that a start from a template is only a wake-up.

    They are for VMs like the last one that began from the template of its spec, or became it, and
    each that is taken is replaced in the background. They end with this process, or with
    ``pool(0)``. At the start there are none.

    Parameters
    ----------
    size
        0 to 32.

    Raises
    ------
    SpecError
        It is no such number.
    CapabilityError
        The backend that makes VMs here keeps no templates.
    """
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= POOL_MAX:
        raise SpecError(f"the pool's size is {size!r}", hint=f"0 to {POOL_MAX}")
    runtime.run(runtime.session().router.pool(size))
