"""What parsers are fed: JSON of any shape, with the numbers and words that trip programs."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from vmnb.core.errors import VmnbError

__all__ = ["FEW", "JSON", "LINES", "MANY", "damaged", "refused_in_words", "texts_of"]

_EXAMPLES = int(os.environ.get("VMNB_FUZZ_EXAMPLES", "0"))
"""The same few each time, unless that many new ones are asked for."""

MANY = settings(
    max_examples=_EXAMPLES or 200,
    derandomize=not _EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(MANY, max_examples=_EXAMPLES or 30)
"""For what opens sockets or starts programs."""

_NUMBERS = st.one_of(
    st.integers(-2, 70),
    st.sampled_from([-(1 << 63), 1 << 63, 1 << 64, 10**400, 2130706433, 0.5, 1e308]),
    st.floats(),
)
_WORDS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "fe80::1%eth0",
            "2001:db8::1%\x1b]52;c;eA==\x07",
            "10.0.2.15",
            "nan",
            "inf",
            "9" * 5000,
            "sha256:" + "0" * 64,
            "../../etc/passwd",
            "\x1b]0;evil\x07",
            "<script>evil</script>",
            "\ud800",
        ]
    ),
)
_PLAIN = st.one_of(st.none(), st.booleans(), _NUMBERS, _WORDS)


@contextmanager
def refused_in_words(*kinds: type[VmnbError]) -> Iterator[list[str]]:
    """Let the body raise such errors, which must say something; give what they said."""
    said: list[str] = []
    try:
        yield said
    except kinds as error:
        said.append(error.message)
        assert said[0]


def texts_of(*keys: str) -> st.SearchStrategy[str]:
    """Return words, of which many are `keys`, so that what looks for them finds something."""
    return st.one_of(st.sampled_from(keys), _WORDS)


def _json(*keys: str) -> st.SearchStrategy[Any]:
    names = texts_of(*keys) if keys else _WORDS
    return st.recursive(
        _PLAIN,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=5)
        ),
        max_leaves=12,
    )


JSON = _json
"""JSON values; of objects, many keys are the given ones."""

LINES = st.one_of(
    _json().map(json.dumps),
    st.text(max_size=40),
    st.sampled_from(["[" * 50_000, "9" * 5000, '{"a": ' + "9" * 5000 + "}"]),
)
"""Lines of which many are JSON, and some no parser survives unprepared."""


def damaged(*wholes: bytes) -> st.SearchStrategy[bytes]:
    """Return what is whole in most of its parts: bytes replaced, cut off, put in twice."""

    @st.composite
    def made(draw: st.DrawFn) -> bytes:
        data = bytearray(draw(st.sampled_from(wholes)))
        for _ in range(draw(st.integers(0, 4))):
            at = draw(st.integers(0, len(data)))
            data[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
        return bytes(data[: draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))])

    return made()
