"""The VMs of one file, brought up and down together."""
