"""The only room with ipywidgets, anywidget, pandas and IPython."""
