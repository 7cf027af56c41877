"""Guests kept at one instant: checkpoints, copies, templates, and those that wait in a pool."""
