"""QEMU as this machine has it: which it is, what it can do, and what comes with it."""
