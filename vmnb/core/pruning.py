"""Finding what nobody needs any more, and removing it."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from vmnb.core.errors import BackendError, BackendUnavailableError, VmnbError
from vmnb.core.lock import forgotten_locks, remove_lock
from vmnb.core.remnant import Kind, Pruning, Remnant, is_at_rest
from vmnb.core.session import Session

__all__ = ["find_remnants", "remove_remnants"]


async def find_remnants(session: Session, *, with_images: bool = False) -> list[Remnant]:
    """Return what can be removed; nothing is changed.

    Parameters
    ----------
    with_images
        See :meth:`vmnb.core.remnant.Pruning.remnants`.

    Raises
    ------
    StoreError
        The store cannot be read, so nobody knows what is needed.
    """
    known = {record.id for record in await session.records()}
    locks = await asyncio.to_thread(forgotten_locks, session.store.locks)
    uses = await asyncio.to_thread(_uses_of_none, session.store.uses, known)
    found = [_lock(path, "the process that held it is gone", remove_lock) for path in locks]
    found += [_lock(path, "it tells when a VM was used that is gone", Path.unlink) for path in uses]
    with suppress(BackendUnavailableError):
        backend = session.router.backend(session.router.tag)
        if isinstance(backend, Pruning):
            found = [*await backend.remnants(known, with_images=with_images), *found]
    return found


async def remove_remnants(
    session: Session, wanted: Collection[Remnant], *, with_images: bool = False
) -> list[Remnant]:
    """Remove those of `wanted` of which it is still true that nobody needs them; return these.

    Raises
    ------
    StoreError
        The store cannot be read; nothing was removed.
    BackendError
        Some cannot be removed; all others are.
    """
    removed: list[Remnant] = []
    failed: list[str] = []
    for remnant in await find_remnants(session, with_images=with_images):
        if remnant in wanted:
            try:
                await remnant.remove()
                removed.append(remnant)
            except (VmnbError, OSError) as error:
                failed.append(f"  {remnant.what}: {str(error).splitlines()[0]}")
    _require_none(failed)
    return removed


def _uses_of_none(uses: Path, known: Collection[str]) -> list[Path]:
    """Return the marks of uses of no VM in `known`."""
    marks = sorted(uses.iterdir()) if uses.exists() else []
    return [path for path in marks if path.name not in known and is_at_rest(path)]


def _lock(path: Path, why: str, remove: Callable[[Path], object]) -> Remnant:
    return Remnant(
        kind=Kind.LOCK,
        what=str(path),
        size_bytes=0,
        why=why,
        remove=partial(asyncio.to_thread, remove, path),
    )


def _require_none(failed: Sequence[str]) -> None:
    if failed:
        raise BackendError(
            "\n".join([f"{len(failed)} cannot be removed:", *failed]),
            hint="make them removable, then try again; all else is removed",
        )
