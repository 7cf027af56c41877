"""Writes a notebook as one HTML file that fetches nothing."""

import base64
import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vmnb.core.errors import CapabilityError, SpecError
from vmnb.notebook.page.outputs import standing_alone
from vmnb.notebook.widget.assets import Replay, replay

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["export"]

_TEMPLATES = Path(__file__).parent / "template"


def export(notebook: str | os.PathLike[str], to: str | os.PathLike[str] | None = None) -> Path:
    """Write a notebook as one HTML file that needs no network, and return its path.

    VMs are as the notebook has them, and each console can be replayed where the notebook has a
    replay: of the last recording by ``vm.console.record()``, else of the end of what the console
    said while the kernel listened. Neither the VM nor its files are asked for. Scripts of other
    outputs do not run, and what they or the text would fetch is not there.

    Parameters
    ----------
    notebook
        A notebook's file, as it was saved.
    to
        The file to write, by default beside the notebook with ``.html``. One that is there is
        replaced.

    Raises
    ------
    SpecError
        There is no such notebook, or the file is none, or it cannot be written.
    CapabilityError
        nbconvert is not installed.
    """
    source = Path(notebook)
    target = Path(to) if to is not None else source.with_suffix(".html")
    if find_spec("nbconvert") is None:
        raise CapabilityError(
            "exporting a notebook needs nbconvert, which is not installed",
            hint="pip install 'vmnb[export]'",
        )
    page = _page(_read(source), source, replay())
    _write(target, page)
    return target


def _page(notebook: "NotebookNode", source: Path, built: Replay) -> str:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="vmnb", extra_template_basedirs=[str(_TEMPLATES)], embed_images=True
    )
    resources: dict[str, Any] = {
        "metadata": {"name": source.stem, "path": str(source.parent)},
        "vmnb": {"policy": _policy(built.script), "script": built.script, "style": built.style},
    }
    page, _ = exporter.from_notebook_node(standing_alone(notebook), resources)
    return str(page)


def _policy(script: str) -> str:
    """Return the page's content security policy: our script alone runs, and nothing is fetched."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; font-src data:; media-src data:; form-action 'none'; base-uri 'none'"
    )


def _read(path: Path) -> "NotebookNode":
    import nbformat

    try:
        read: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise SpecError(f"cannot read the notebook {path}: {error.strerror}") from error
    except Exception as error:  # nbformat raises what its parsers raise
        raise SpecError(
            f"{path} is not a notebook: {str(error).splitlines()[0][:200]}",
            hint="name a file with the ending .ipynb, as Jupyter saves it",
        ) from error
    return read


def _write(path: Path, page: str) -> None:
    """Write the file whole or not at all; as private as others of this user, by their umask."""
    unfinished = path.with_name(f".{path.name}.new")
    try:
        unfinished.write_text(page, encoding="utf-8", errors="replace")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise SpecError(
            f"cannot write {path}: {error.strerror}", hint="choose another place with -o, or `to`"
        ) from error
