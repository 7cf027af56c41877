"""Several VMs described in one file."""
