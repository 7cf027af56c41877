"""How every table of the package is made: plain rows and a declared schema."""

from collections.abc import Mapping, Sequence

import pandas as pd

__all__ = ["table"]


def table(values: Sequence[tuple[object, ...]], schema: Mapping[str, str]) -> pd.DataFrame:
    """Return `values` as a DataFrame with the columns and types of `schema`, also where empty."""
    return pd.DataFrame(values, columns=list(schema)).astype(dict(schema))
