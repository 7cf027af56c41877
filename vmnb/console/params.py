"""The numbers in a sequence."""

__all__ = ["Params", "count_of", "parsed", "second_of"]

Params = tuple[tuple[int, ...], ...]
"""The parameters of a sequence, each with its subparameters; a missing subparameter is -1."""

_COUNT_MAX = 32
_NUMBER_MAX = 0x7FFFFFFF


def parsed(text: str) -> Params:
    """Return the parameters, 0 for a missing one, each with subparameters, -1 for a missing one."""
    return tuple(_param(part) for part in text.split(";")[:_COUNT_MAX])


def count_of(params: Params) -> int:
    """Return how often, or how far: 1 where nothing was said."""
    return params[0][0] or 1


def second_of(params: Params) -> int:
    """Return the second parameter, 0 where there is none."""
    return params[1][0] if len(params) > 1 else 0


def _param(text: str) -> tuple[int, ...]:
    first, *others = text.split(":")[: _COUNT_MAX + 1]
    return (_number(first, 0), *(_number(other, -1) for other in others))


def _number(digits: str, missing: int) -> int:
    return min(int(digits[:10]), _NUMBER_MAX) if digits else missing
