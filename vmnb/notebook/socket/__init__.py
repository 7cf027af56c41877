"""The WebSocket straight to the kernel's process, which is shorter than the kernel's messages."""
