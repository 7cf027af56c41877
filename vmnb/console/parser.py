"""Read a terminal's control sequences, and act on a screen."""

from vmnb.console.params import parsed
from vmnb.console.screen import VtScreen
from vmnb.console.sequences import CONTROLS, ESCAPES, SEQUENCES, designate
from vmnb.console.tokens import CSI, Tokens

__all__ = ["Parser"]

_DEL = "\x7f"


class Parser(Tokens):
    """Feeds text to `screen`."""

    def __init__(self, screen: VtScreen) -> None:
        self._screen = screen
        super().__init__()

    def _text(self, text: str) -> None:
        self._screen.draw(text)

    def _control(self, char: str) -> None:
        if char != _DEL:
            if act := CONTROLS.get(char):
                act(self._screen)
            self._screen.forget_character()

    def _string_ended(self) -> None:
        self._screen.forget_character()

    def _escape(self, sequence: str) -> None:
        if act := ESCAPES.get(sequence):
            act(self._screen)
        elif len(sequence) == 2:
            designate(self._screen, *sequence)
        self._screen.forget_character()

    def _csi(self, sequence: str) -> None:
        if found := CSI.fullmatch(sequence):
            mark, params, middle, final = found.groups()
            if act := SEQUENCES.get(f"{mark}{middle}{final}"):
                act(self._screen, parsed(params))
        self._screen.forget_character()
