"""The one size of a console that several views would like to have otherwise."""

__all__ = ["Size", "Sizes"]

Size = tuple[int, int]
"""Columns and rows."""

_LEAST: Size = (20, 2)
_MOST: Size = (500, 200)


class Sizes:
    """Chooses the size that fits the view that was used last; before any was, the first view."""

    def __init__(self) -> None:
        self._wishes: dict[str, Size] = {}

    def wish(self, view: str, size: Size) -> None:
        """Note what would fit a view; a new one waits until it is used, or the others leave."""
        columns, rows = (
            min(max(int(wish), least), most)
            for wish, least, most in zip(size, _LEAST, _MOST, strict=True)
        )
        if view in self._wishes:
            self._wishes[view] = (columns, rows)
        else:
            self._wishes = {view: (columns, rows), **self._wishes}

    def use(self, view: str) -> None:
        """Note that a person typed in a view, or gave it a size by hand."""
        if view in self._wishes:
            self._wishes[view] = self._wishes.pop(view)

    def leave(self, view: str) -> None:
        """Forget a view."""
        self._wishes.pop(view, None)

    @property
    def wanted(self) -> Size | None:
        """What it should be; None while no view has said anything."""
        return next(reversed(self._wishes.values()), None)
