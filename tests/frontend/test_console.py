import json

import pytest
from playwright.sync_api import Locator, Page, expect

from vmnb.console.parser import Parser
from vmnb.console.render import screen_ansi
from vmnb.console.screen import VtScreen

pytestmark = pytest.mark.browser


def show(page: Page, traits: str = "{}", script: str = "{}", shadow: str = "''") -> Locator:
    page.evaluate(f"show({traits}, {script}, {shadow})")
    rows = page.locator(".xterm-rows")
    expect(rows).to_be_visible()
    return rows


def typed(page: Page) -> str:
    text: str = page.evaluate("model.of('input').map((message) => message.text).join('')")
    return text


def test_the_screen_is_there_as_it_was(page: Page) -> None:
    rows = show(page, script=r"{screen: 'one\r\n\x1b[31mtwo\x1b[0m', position: 9}")
    expect(rows).to_contain_text("one")
    expect(rows).to_contain_text("two")


def test_what_is_typed_goes_to_the_guest_and_comes_back(page: Page) -> None:
    rows = show(page, script="{screen: '# ', position: 2, echo: true}")
    page.locator(".xterm").click()
    page.keyboard.type("echo $((6*7)) ä")
    expect(rows).to_contain_text("# echo $((6*7)) ä")
    assert typed(page) == "echo $((6*7)) ä"


def test_one_that_another_process_types_on_is_read_until_it_is_taken_over(page: Page) -> None:
    show(page, script="{screen: '# ', position: 2, echo: true}")
    status = page.locator(".vmnb-console-status:visible")
    take_over = page.get_by_role("button", name="Take over")
    expect(take_over).to_be_hidden()
    page.evaluate("model.receive({kind: 'open', elsewhere: true, view: model.views.get(0)})")
    expect(status).to_have_text("Read only: typed on by another kernel or terminal.")
    page.locator(".xterm").click()
    page.keyboard.type("lost")
    take_over.click()
    assert page.evaluate("model.of('take_over').map((message) => message.console)") == [0]
    page.evaluate("model.receive({kind: 'not_taken', reason: 'No.', view: model.views.get(0)})")
    expect(status).to_have_text("No.")
    page.evaluate("model.receive({kind: 'open', elsewhere: false, view: model.views.get(0)})")
    expect(take_over).to_be_hidden()
    expect(status).to_have_count(0)
    page.keyboard.type("taken")
    assert typed(page) == "taken"


def test_a_view_that_is_rendered_again_has_the_screen_again(page: Page) -> None:
    show(page, script="{screen: 'before', position: 6}")
    page.evaluate("model.screen += ' after'; model.position += 6; leave()")
    page.evaluate("window.old = model; show({}, {screen: old.screen, position: old.position})")
    expect(page.locator(".xterm-rows")).to_contain_text("before after")


def test_a_restore_replaces_what_was_drawn(page: Page) -> None:
    rows = show(page, "{snapshot: 'an old snapshot'}", "{screen: 'the screen', position: 10}")
    expect(rows).to_contain_text("the screen")
    expect(rows).not_to_contain_text("snapshot")


@pytest.mark.parametrize(("said", "animations"), [("", 0), ("\x1b[?12h", 1)])
def test_the_cursor_blinks_only_where_the_guest_asks_for_it(
    page: Page, said: str, animations: int
) -> None:
    screen = VtScreen(80, 24)
    Parser(screen).feed(f"{said}# ")
    restored = json.dumps(screen_ansi(screen).decode())
    show(page, script=f"{{screen: {restored}, position: 9}}")
    page.locator(".xterm").click()
    expect(page.locator(".xterm.focus .xterm-cursor-block")).to_be_visible()
    # Else each echo waits: after a key, a page that is animated gets no message before a frame.
    assert page.evaluate("document.getAnimations().length") == animations


def test_a_gap_is_asked_about_and_closed_by_a_restore(page: Page) -> None:
    rows = show(page, script="{screen: 'start ', position: 6}")
    expect(rows).to_contain_text("start")
    page.clock.install()
    page.clock.run_for(2000)
    page.evaluate("model.screen = 'whole'; model.position = 50; model.output('late')")
    page.clock.run_for(1000)
    expect(rows).to_contain_text("whole")
    expect(rows).not_to_contain_text("late")
    assert [message["seq"] for message in page.evaluate("model.of('hello')")] == [-1, 6]


def test_everything_drawn_is_acknowledged(page: Page) -> None:
    show(page, script="{screen: 'x', position: 1}")
    page.evaluate("for (let i = 0; i < 8; i += 1) model.output('x'.repeat(50_000))")
    page.wait_for_function("model.of('ack').at(-1)?.seq === 400_001")
    acknowledged = len(page.evaluate("model.of('ack')"))
    assert acknowledged <= 8


def test_hostile_output_changes_nothing_but_the_screen(page: Page) -> None:
    rows = show(page, script="{screen: '', position: 0}")
    page.evaluate(
        r"""model.output(
            "\x1b]0;evil title\x07\x1b]2;evil title\x07\x1b]52;c;ZXZpbA==\x07\x1b]52;c;?\x07"
            + "\x1b]8;;https://evil.example/\x07link\x1b]8;;\x07 https://evil.example/ "
            + "\x1b[21t\x1b[18t\x1b[14t\x1b[>c\x1b[>q\x1b]11;?\x07\x1b]4;1;?\x07\x1bP$qm\x1b\\"
            + "<img src=x onerror='window.stolen = 1'> done")"""
    )
    expect(rows).to_contain_text("link https://evil.example/ <img src=x onerror=")
    expect(rows).to_contain_text("done")
    assert typed(page) == ""
    assert page.title() == "harness"
    assert page.locator("main img, main a[href]").count() == 0
    page.locator(".xterm-screen").click(position={"x": 12, "y": 8})
    assert len(page.context.pages) == 1


def test_live_queries_are_answered_and_marked_as_replies(page: Page) -> None:
    rows = show(page, script="{screen: 'x', position: 1}")
    expect(rows).to_contain_text("x")
    page.evaluate(r"model.output('\x1b[6n')")
    page.wait_for_function("model.of('input').length === 1")
    (message,) = page.evaluate("model.of('input')")
    assert (message["text"], message["reply"]) == ("\x1b[1;2R", True)


def test_queries_in_a_restored_screen_are_not_answered(page: Page) -> None:
    rows = show(page, script=r"{screen: '\x1b[6n\x1b[c\x1b[5n\x1b[?1004hdrawn', position: 20}")
    expect(rows).to_contain_text("drawn")
    page.evaluate("model.output(' and live')")
    expect(rows).to_contain_text("drawn and live")
    assert typed(page) == ""


def test_keys_in_the_terminal_are_not_the_notebooks(page: Page) -> None:
    show(page)
    page.evaluate(
        "window.heard = [];document.addEventListener('keydown', (event) => heard.push(event.key))"
    )
    page.locator(".xterm").click()
    page.keyboard.type("dd")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    assert typed(page) == "dd\x1b\x1b[Z"
    assert page.evaluate("heard") == []
    suppressed = page.locator("[data-lm-suppress-shortcuts=true]")
    assert suppressed.locator("textarea").count() == 1


def test_one_key_leaves_the_terminal_and_tab_goes_on_from_there(page: Page) -> None:
    show(page)
    page.evaluate(
        "const after = document.createElement('button'); after.textContent = 'after';"
        "document.querySelector('main').append(after)"
    )
    page.locator(".xterm").click()
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator(".xterm textarea")).not_to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="after")).to_be_focused()
    page.locator(".xterm").click()
    page.keyboard.press("Control+Shift+Enter")
    ahead = page.locator(".vmnb-console :is(button, [tabindex='0']):visible").count()
    for _ in range(ahead):
        page.keyboard.press("Shift+Tab")
        expect(page.locator(".xterm textarea")).not_to_be_focused()
        if page.get_by_role("tab", name="Console").evaluate("tab => tab.matches(':focus')"):
            break
    expect(page.get_by_role("tab", name="Console")).to_be_focused()
    assert typed(page) == ""


def test_a_closed_console_is_named_outside_the_screen(page: Page) -> None:
    rows = show(page, script="{screen: 'x', position: 1}")
    page.evaluate("model.receive({kind: 'closed', reason: 'The machine is stopped.'})")
    status = page.locator(".vmnb-console .vmnb-console-status")
    expect(status).to_have_text("The machine is stopped.")
    expect(rows).not_to_contain_text("stopped")
    page.evaluate("model.receive({kind: 'open'})")
    expect(status).to_be_empty()


def test_messages_for_another_view_are_ignored(page: Page) -> None:
    rows = show(page, script="{screen: 'mine', position: 4}")
    expect(rows).to_contain_text("mine")
    page.evaluate(
        "model.receive({kind: 'restore', view: 'other', seq: 9}, new TextEncoder().encode('not'));"
        "model.output(' still')"
    )
    expect(rows).to_contain_text("mine still")


def test_a_narrow_page_keeps_the_width_until_the_kernel_gives_another(page: Page) -> None:
    show(page, script="{screen: 'x'.repeat(80) + '|', position: 81}")
    page.set_viewport_size({"width": 400, "height": 760})
    expect(page.locator(".xterm-rows > div").first).to_have_text("x" * 80)
    frame = page.locator(".vmnb-terminal")
    assert frame.evaluate("frame => frame.scrollWidth > frame.clientWidth")


def test_the_console_works_alone_and_in_a_shadow_root(page: Page) -> None:
    rows = show(
        page, "{layout_kind: 'console'}", "{screen: '# ', position: 2, echo: true}", "'div'"
    )
    expect(page.get_by_role("tab")).to_have_count(0)
    page.locator(".xterm").click()
    page.keyboard.type("hello")
    expect(rows).to_contain_text("# hello")
    height: float = page.locator(".xterm-screen").evaluate("(screen) => screen.clientHeight")
    assert height > 200


def test_the_terminal_follows_the_theme(page: Page) -> None:
    show(page)
    background = (
        "getComputedStyle(document.querySelector('.xterm-scrollable-element')).backgroundColor"
    )
    light = page.evaluate(background)
    page.evaluate("document.body.dataset.theme = 'lab-dark'")
    page.wait_for_function(f"{background} !== '{light}'")
