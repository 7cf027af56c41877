"""Several VMs as one."""
