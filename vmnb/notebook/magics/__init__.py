"""The magics of IPython."""
