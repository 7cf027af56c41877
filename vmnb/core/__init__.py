"""The vocabulary and the machine; standard library only."""
