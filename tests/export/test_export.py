"""A notebook as one HTML file, looked at as text."""

import re
import stat
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

import vmnb
from vmnb.cli import main
from vmnb.errors import CapabilityError, SpecError

from .notebooks import HOSTILE, STATE, card_outputs, cast_of, write_notebook

CARD = '<div class="vmnb-kept"><b>web</b> stopped<pre class="vmnb-text">the text</pre></div>'
CAST = cast_of((0.0, "o", "hello\r\n"), (1.0, "o", "world"))


class Fetched(HTMLParser):
    """What a page would fetch, and which scripts it would run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts = 0
        self.policy = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        self.scripts += tag == "script" and of.get("type") != "application/json"
        if of.get("http-equiv") == "Content-Security-Policy":
            self.policy = of["content"] or ""
        self.addresses += [of[name] or "" for name in ("src", "href") if name in of]


def _exported(path: Path) -> str:
    return vmnb.export(path).read_text()


def test_a_page_has_the_card_and_its_replay_and_fetches_nothing(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "lesson.ipynb", ("vm", card_outputs(CARD, CAST)))
    assert vmnb.export(path) == tmp_path / "lesson.html"
    page = (tmp_path / "lesson.html").read_text()
    assert CARD in page
    assert '[1.0, "o", "world"]' in page
    assert "prepared" not in page
    fetched = Fetched(page)
    assert all(address.startswith("data:") for address in fetched.addresses), fetched.addresses
    assert fetched.scripts == 1
    assert not re.search(r"@import|url\(\s*['\"]?https?:|\bimport\(", page)


def test_the_policy_lets_no_other_script_run_and_nothing_be_fetched(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "lesson.ipynb", ("vm", card_outputs(CARD, CAST)))
    policy = Fetched(_exported(path)).policy
    assert "default-src 'none'; script-src 'sha256-" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_what_a_guest_said_stays_text(tmp_path: Path) -> None:
    cast = cast_of((0.0, "o", HOSTILE), (1.0, "m", HOSTILE), title=HOSTILE)
    path = write_notebook(tmp_path / "lesson.ipynb", ("vm", card_outputs(CARD, cast)))
    page = _exported(path)
    assert Fetched(page).scripts == 1
    assert "<img" not in page
    assert page.count("</script>") == 2


def test_the_html_stays_where_the_state_of_the_widgets_was_saved(tmp_path: Path) -> None:
    state = {STATE: {"version_major": 2, "version_minor": 0, "state": {"m": {}}}}
    path = write_notebook(
        tmp_path / "lesson.ipynb", ("vm", card_outputs(CARD, None)), widgets=state
    )
    page = _exported(path)
    assert CARD in page
    assert "widget-state" not in page


def test_scripts_of_other_outputs_are_left_out(tmp_path: Path) -> None:
    output = nbformat.v4.new_output(  # type: ignore[no-untyped-call]
        "display_data", data={"application/javascript": "alert(1)", "text/plain": "a chart"}
    )
    page = _exported(write_notebook(tmp_path / "lesson.ipynb", ("chart", [output])))
    assert "alert(1)" not in page
    assert "a chart" in page


@pytest.mark.parametrize("replay", ["", "no base64", "AAAA", "eJwDAAAAAAE="])
def test_a_damaged_replay_leaves_the_text_and_says_so(tmp_path: Path, replay: str) -> None:
    path = write_notebook(tmp_path / "lesson.ipynb", ("vm", card_outputs(CARD, replay)))
    page = _exported(path)
    assert CARD in page
    assert "cannot be read" in page
    assert 'vmnb-cast">' not in page


def test_the_file_can_be_named_and_is_replaced_whole(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "lesson.ipynb", ("1 + 1", []))
    target = tmp_path / "page.html"
    target.write_text("old")
    assert vmnb.export(path, target) == target
    assert "1</span>" in target.read_text()
    assert {p.name for p in tmp_path.iterdir()} == {"lesson.ipynb", "page.html"}
    with pytest.raises(SpecError, match="cannot write"):
        vmnb.export(path, tmp_path / "missing" / "page.html")


def test_what_is_no_notebook_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="No such file"):
        vmnb.export(tmp_path / "missing.ipynb")
    (tmp_path / "text.ipynb").write_text("hello")
    with pytest.raises(SpecError, match="is not a notebook"):
        vmnb.export(tmp_path / "text.ipynb")


def test_without_nbconvert_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nbconvert", None)
    with pytest.raises(CapabilityError, match=r"vmnb\[export\]"):
        vmnb.export(tmp_path / "lesson.ipynb")


def test_the_command_exports_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_notebook(tmp_path / "lesson.ipynb", ("vm", card_outputs(CARD, CAST)))
    assert main(["export", str(path), "-o", str(tmp_path / "out.html")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out.html'}\n"
    assert stat.S_ISREG((tmp_path / "out.html").stat().st_mode)
    assert main(["export", str(tmp_path / "missing.ipynb")]) == 1
    assert "cannot read the notebook" in capsys.readouterr().err
