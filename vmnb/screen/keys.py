"""Keys by their names: ``"ctrl-alt-f2"`` is a chord of three."""

from collections.abc import Sequence
from difflib import get_close_matches
from string import ascii_lowercase, digits

from vmnb.core.errors import SpecError
from vmnb.core.hypervisor import Chord

__all__ = ["KEYS", "chords_of"]

_NAMES = """
    shift shift_r ctrl ctrl_r alt alt_r meta_l meta_r menu compose caps_lock num_lock scroll_lock
    esc tab spc ret backspace insert delete home end pgup pgdn left right up down sysrq print pause
    minus equal bracket_left bracket_right backslash semicolon apostrophe grave_accent comma dot
    slash less asterisk kp_add kp_comma kp_decimal kp_divide kp_enter kp_equals kp_multiply
    kp_subtract power sleep wake stop again props undo front copy open paste find cut lf help
    audionext audioprev audiostop audioplay audiomute volumeup volumedown mediaselect mail
    calculator computer ac_home ac_back ac_forward ac_refresh ac_bookmarks ro yen henkan muhenkan
    hiragana katakanahiragana lang1 lang2
"""
KEYS = frozenset(
    (
        *ascii_lowercase,
        *digits,
        *(f"f{number}" for number in range(1, 13)),
        *(f"kp_{digit}" for digit in digits),
        *_NAMES.split(),
    )
)
"""QEMU's ``QKeyCode``, as every QEMU from 7.2 on has it."""

_ALSO = {
    "enter": "ret",
    "return": "ret",
    "space": "spc",
    "escape": "esc",
    "del": "delete",
    "ins": "insert",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "win": "meta_l",
    "super": "meta_l",
    "meta": "meta_l",
}
"""Names that people use besides."""


def chords_of(combinations: Sequence[str]) -> tuple[Chord, ...]:
    """Return the chords of texts such as ``"ctrl-alt-f2"``, ``"ret"``.

    Raises
    ------
    SpecError
        There is no such key, or none at all; the hint has names that are near.
    """
    if not combinations:
        raise SpecError("no key is named", hint='name some: vm.send_keys("ctrl-alt-f2", "ret")')
    return tuple(_chord(combination) for combination in combinations)


def _chord(combination: str) -> Chord:
    if not isinstance(combination, str):
        raise SpecError(f"{combination!r} names no key", hint='a text does: "ctrl-alt-f2"')
    return tuple(_key(name, combination) for name in combination.split("-"))


def _key(name: str, combination: str) -> str:
    wanted = name.strip().lower()
    key = _ALSO.get(wanted, wanted)
    if key not in KEYS:
        near = get_close_matches(wanted, [*KEYS, *_ALSO], n=5, cutoff=0.5)
        within = "" if name == combination else f" in {combination!r}"
        raise SpecError(
            f"there is no key {name!r}{within}",
            hint=f"did you mean: {', '.join(near)}?"
            if near
            else "keys have the names of QEMU's QKeyCode, such as: ctrl, alt, f2, ret, spc, minus",
        )
    return key
