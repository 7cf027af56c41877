"""The modes of a terminal that a guest sets, and that a restored view needs to go on."""

from dataclasses import dataclass, field

__all__ = ["ALTERNATE", "BLINK", "BRACKETED", "DRAWING", "Modes"]

ALTERNATE = frozenset({47, 1047, 1049})
BLINK, BRACKETED = 12, 2004
_KEPT = frozenset({1, 6, 45, 66, 1004, BRACKETED})
_MOUSE = frozenset({9, 1000, 1002, 1003})
_ENCODINGS = frozenset({1006, 1016})
DRAWING = frozenset({7, 25, BLINK, 1048}) | ALTERNATE | _KEPT | _MOUSE | _ENCODINGS
"""All modes with a question mark that do something to a screen, or to what a person's keys say."""


@dataclass(slots=True)
class Modes:
    """What is on.

    Attributes
    ----------
    private
        Of the modes with a question mark (DECSET): cursor keys, origin, reverse wrap, keypad,
        focus, bracketed paste.
    mouse, encoding
        The mode in which the mouse is reported, and the one in which that is written; 0 if none.
    wrap, cursor
        Whether a full line wraps (DECAWM), and whether the cursor is shown (DECTCEM).
    insert, newline
        IRM and LNM.
    cursor_style
        The parameter of DECSCUSR.
    """

    private: set[int] = field(default_factory=set)
    mouse: int = 0
    encoding: int = 0
    wrap: bool = True
    cursor: bool = True
    insert: bool = False
    newline: bool = False
    blink: bool = False
    cursor_style: int = 0

    @property
    def origin(self) -> bool:
        """Whether lines are counted from the region's beginning (DECOM)."""
        return 6 in self.private

    def set(self, mode: int, on: bool) -> None:
        """Set or reset a mode with a question mark; one that is not known changes nothing."""
        if mode in _KEPT:
            (self.private.add if on else self.private.discard)(mode)
        elif mode in _MOUSE:
            self.mouse = mode if on else 0
        elif mode in _ENCODINGS:
            self.encoding = mode if on else 0
        elif mode == 7:
            self.wrap = on
        elif mode == 25:
            self.cursor = on
        elif mode == BLINK:
            self.blink = on

    def reset(self) -> None:
        """Return to the defaults, but for what a view keeps over a reset: LNM and the cursor's."""
        kept = Modes(newline=self.newline, blink=self.blink, cursor=self.cursor)
        for name in self.__slots__:
            setattr(self, name, getattr(kept, name))

    def soft_reset(self) -> None:
        """Return to the defaults, but for the mouse, and show the cursor (DECSTR)."""
        mouse, encoding = self.mouse, self.encoding
        self.reset()
        self.mouse, self.encoding, self.cursor = mouse, encoding, True
