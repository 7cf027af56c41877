"""What a virtual machine boots: the tiny guest, or a disk image that the user has."""

from vmnb.images.catalogue import resolve
from vmnb.images.image import BootImage
from vmnb.images.tiny import is_built

__all__ = ["BootImage", "is_built", "resolve"]
