"""A VM's disk in layers, and files with holes."""
