"""Text as keys of a keyboard with the US layout, which is what a guest takes it for by default."""

from string import ascii_lowercase, ascii_uppercase, digits

from vmnb.core.errors import SpecError
from vmnb.core.hypervisor import Chord

__all__ = ["chords_for"]

_SIGNS = (
    ("minus", "-", "_"),
    ("equal", "=", "+"),
    ("bracket_left", "[", "{"),
    ("bracket_right", "]", "}"),
    ("backslash", "\\", "|"),
    ("semicolon", ";", ":"),
    ("apostrophe", "'", '"'),
    ("grave_accent", "`", "~"),
    ("comma", ",", "<"),
    ("dot", ".", ">"),
    ("slash", "/", "?"),
)
"""Keys, and what they say without and with Shift."""

_CHORDS: dict[str, Chord] = {
    "\n": ("ret",),
    "\t": ("tab",),
    " ": ("spc",),
    **{letter: (letter,) for letter in ascii_lowercase},
    **{letter: ("shift", letter.lower()) for letter in ascii_uppercase},
    **{digit: (digit,) for digit in digits},
    **{sign: ("shift", digit) for sign, digit in zip(")!@#$%^&*(", digits, strict=True)},
    **{plain: (key,) for key, plain, _ in _SIGNS},
    **{shifted: ("shift", key) for key, _, shifted in _SIGNS},
}


def chords_for(text: str) -> tuple[Chord, ...]:
    """Return the chords that type `text`.

    Raises
    ------
    SpecError
        It has a character that is on no key of that layout.
    """
    if not isinstance(text, str):
        raise SpecError(f"{text!r} cannot be typed", hint="give a text")
    lacking = sorted(set(text) - _CHORDS.keys())
    if lacking:
        raise SpecError(
            f"no key of a US keyboard types {', '.join(map(ascii, lacking))}; nothing was typed",
            hint='other keys have names, for send_keys: vm.send_keys("esc"); '
            "other text goes in by vm.console.write or vm.copy_in",
        )
    return tuple(_CHORDS[character] for character in text)
