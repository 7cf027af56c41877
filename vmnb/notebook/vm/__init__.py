"""A VM as a notebook has it: one file for what all of it stands on, and one for each part of it."""
