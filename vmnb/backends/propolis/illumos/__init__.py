"""illumos around a server: zones, ZFS, VNICs; commands run, and their output read."""
