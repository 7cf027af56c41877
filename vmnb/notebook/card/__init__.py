"""A VM shown in a cell: what its card says, as a widget, as HTML, as text, and as it is saved."""
