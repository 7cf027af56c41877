"""The NoCloud seed: the small disk from which cloud-init learns what a machine shall be."""

from vmnb.seed.cards import two_cards
from vmnb.seed.documents import Login, seed_documents
from vmnb.seed.iso import write_iso
from vmnb.seed.user_data import check_cloud_init, cloud_init

__all__ = ["Login", "check_cloud_init", "cloud_init", "seed_documents", "two_cards", "write_iso"]
