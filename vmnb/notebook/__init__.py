"""The only room with ipywidgets, anywidget, pandas and IPython."""

from vmnb.notebook.short_errors import show_short

show_short()
