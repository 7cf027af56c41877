"""What a VM uses, and what it may use."""
