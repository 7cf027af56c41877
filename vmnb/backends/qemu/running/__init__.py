"""A QEMU that runs: its process, its monitor, its journal, and what they mean."""
