"""A private network as a notebook has it."""
