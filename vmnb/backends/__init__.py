"""One package or module for each hypervisor."""
