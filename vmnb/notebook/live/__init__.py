"""What this process holds of a VM, on the background loop: its console, ways in, troubles."""
