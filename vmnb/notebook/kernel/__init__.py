"""A widget's messages while the kernel runs a cell, as far as each ipykernel lets us."""
