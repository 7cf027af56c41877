"""Keys by their names, and text as keys."""

import string

import pytest

from vmnb.core.errors import SpecError
from vmnb.screen.keys import KEYS, chords_of
from vmnb.screen.us_layout import chords_for


def test_combinations_are_chords_in_their_order() -> None:
    assert chords_of(["ctrl-alt-f2", "ret", "a"]) == (("ctrl", "alt", "f2"), ("ret",), ("a",))


@pytest.mark.parametrize(
    ("said", "key"), [("Enter", "ret"), ("SPACE", "spc"), ("del", "delete"), ("win", "meta_l")]
)
def test_keys_have_the_names_that_people_use_too(said: str, key: str) -> None:
    assert chords_of([f"ctrl-{said}"]) == (("ctrl", key),)


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("ctlr", "ctrl"), ("f13", "f1"), ("backspce", "backspace"), ("pageu", "pageup")],
)
def test_a_key_that_is_none_is_refused_with_names_that_are_near(wrong: str, near: str) -> None:
    with pytest.raises(SpecError, match=f"there is no key '{wrong}' in 'alt-{wrong}'") as caught:
        chords_of(["a", f"alt-{wrong}"])
    assert near in caught.value.hint


@pytest.mark.parametrize("wrong", [[], [""], ["ctrl-"], ["-"], [7], ["qwertz"]])
def test_what_names_no_key_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SpecError):
        chords_of(wrong)


def test_every_printable_character_is_on_one_key_alone_or_with_shift() -> None:
    text = string.ascii_letters + string.digits + string.punctuation + " \n\t"
    chords = chords_for(text)
    assert len(set(chords)) == len(text)
    assert {key for chord in chords for key in chord} <= KEYS
    assert chords_for("aA1!~") == (
        ("a",),
        ("shift", "a"),
        ("1",),
        ("shift", "1"),
        ("shift", "grave_accent"),
    )


@pytest.mark.parametrize("text", ["größe", "a\x1b", "\r", "☃", 7])
def test_text_that_no_key_types_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        chords_for(text)


def test_a_refusal_names_the_characters() -> None:
    with pytest.raises(SpecError, match=r"'\\xdf', '\\xf6'; nothing was typed"):
        chords_for("größe")
