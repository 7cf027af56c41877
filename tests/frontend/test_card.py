import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror='window.stolen = true'><b>bold</b>"


def show(page: Page, traits: str = "{}", script: str = "{}") -> None:
    page.evaluate(f"show({traits}, {script})")
    expect(page.get_by_role("tab", name="Console")).to_be_visible()


def sent(page: Page, kind: str) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = page.evaluate(f"model.of('{kind}')")
    return messages


def test_name_state_and_facts_are_shown(page: Page) -> None:
    since = "new Date(Date.now() - 65_000).toISOString()"
    show(page, f"{{card: card('running', {{uptime_since: {since}}})}}")
    header = page.locator(".vmnb-header")
    for words in ("web", "running", "qemu", "TCG", "1 vCPU", "256 MiB", "10.0.2.15"):
        expect(header).to_contain_text(words)
    expect(header).to_contain_text("up 1 min 5 s")
    expect(header).to_contain_text("up 1 min 6 s")  # it ticks by itself


def test_buttons_follow_the_state_and_ask_the_kernel(page: Page) -> None:
    show(page, "{card: card('prepared')}")
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    page.get_by_role("button", name="Start").click()
    assert [message["action"] for message in sent(page, "action")] == ["start"]
    page.evaluate("model.set('card', card('running'))")
    expect(page.get_by_role("button", name="Start")).to_be_disabled()
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    page.get_by_role("button", name="Suspend").click()
    page.evaluate("model.set('card', card('suspended'))")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Suspend")).to_be_hidden()
    actions = [message["action"] for message in sent(page, "action")]
    assert actions == ["start", "suspend", "resume"]


def test_a_button_that_is_off_says_why(page: Page) -> None:
    show(page, "{card: card('prepared')}")
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_have_attribute("title", "not while it is prepared")
    stop.click(force=True)
    assert sent(page, "action") == []


def test_destroying_is_asked_about_and_can_be_refused_by_keyboard(page: Page) -> None:
    show(page)
    page.get_by_role("button", name="Destroy").press("Enter")
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("Destroy web?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(page.get_by_role("button", name="Destroy")).to_be_focused()
    assert sent(page, "action") == []
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert [message["action"] for message in sent(page, "action")] == ["destroy"]


def test_progress_is_counted_on_the_page(page: Page) -> None:
    busy = "{action: 'start', since_ms_epoch: Date.now(), expected_s: 60, text: 'booting'}"
    show(page, f"{{card: card('prepared', {{busy: {busy}}})}}")
    progress = page.get_by_role("progressbar")
    expect(progress).to_have_attribute("aria-label", "booting")
    expect(page.locator(".vmnb-busy")).to_contain_text("of about 60 s")
    expect(page.locator(".vmnb-badge")).to_have_text("booting")
    before = page.locator(".vmnb-busy").inner_text()
    expect(page.locator(".vmnb-busy")).not_to_have_text(before, use_inner_text=True)
    page.evaluate("model.set('card', card('running'))")
    expect(progress).to_be_hidden()


def test_an_error_is_shown_in_the_card_and_can_be_dismissed(page: Page) -> None:
    error = f'{{title: "web failed", message: "{HOSTILE}", hint: "Start it again."}}'
    show(page, f"{{card: card('failed', {{error: {error}}})}}")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("web failed")
    expect(alert).to_contain_text(HOSTILE)
    expect(alert).to_contain_text("Start it again.")
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_be_hidden()
    assert len(sent(page, "dismiss")) == 1


def test_a_failed_action_is_shown_in_the_card(page: Page) -> None:
    show(page)
    page.get_by_role("button", name="Stop").click()
    page.evaluate(
        "model.receive({kind: 'action_done', id: model.of('action')[0].id,"
        " error: {title: 'Not stopped', message: 'It is busy.', hint: ''}})"
    )
    expect(page.get_by_role("alert")).to_contain_text("Not stopped")


def test_a_silent_kernel_is_named(page: Page) -> None:
    show(page)
    page.get_by_role("button", name="Stop").click()
    note = page.locator(".vmnb-note")
    expect(note).to_contain_text("kernel has not answered")
    page.evaluate("model.receive({kind: 'action_done', id: model.of('action')[0].id})")
    expect(note).to_be_empty()


def test_tabs_move_by_arrow_keys_and_do_not_move_the_page(page: Page) -> None:
    row = '["2026-11-23T10:00:00+00:00", "prepared", "running", "start", 4.9, "user", "first"]'
    show(page, f"{{history: [{row}]}}")
    card = page.get_by_role("region", name="Virtual machine web")
    box = card.bounding_box()
    page.get_by_role("tab", name="Console").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Screen")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="History")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel", name="History")).to_contain_text("prepared → running")
    expect(page.get_by_role("tabpanel", name="Console")).to_be_hidden()
    page.keyboard.press("End")
    expect(page.get_by_role("tabpanel", name="Details")).to_contain_text("1 GiB")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Console")).to_be_focused()
    assert card.bounding_box() == box


def test_hostile_names_and_history_stay_text(page: Page) -> None:
    page.evaluate("window.hostile = (text) => Array(7).fill(text)")
    show(
        page,
        f'{{card: card("running", {{name: "{HOSTILE}", address: "{HOSTILE}",'
        f' facts: [["{HOSTILE}", "{HOSTILE}"]]}}), history: [hostile("{HOSTILE}")]}}',
    )
    expect(page.locator(".vmnb-name")).to_have_text(HOSTILE)
    assert page.locator("main img, main b").count() == 0
    assert page.evaluate("window.stolen") is None


def test_without_a_kernel_the_saved_state_is_readable_and_then_replaced(page: Page) -> None:
    page.evaluate("show({snapshot: 'root@web:~# saved'}, {answers: false})")
    expect(page.locator("pre")).to_have_text("root@web:~# saved")
    expect(page.get_by_text("As it was saved")).to_be_visible()
    page.evaluate("model.answers = true; model.answer({kind: 'bundle', name: 'widget'})")
    expect(page.get_by_role("tab", name="Console")).to_be_visible()
    expect(page.locator("pre")).to_have_count(0)


def test_many_cards_on_a_page_ask_for_the_bundle_once(page: Page) -> None:
    page.evaluate("window.models = []")
    for _ in range(3):
        page.evaluate("show({}); models.push(model)")
    expect(page.get_by_role("tab", name="Console")).to_have_count(3)
    asked: list[int] = page.evaluate("models.map((one) => one.of('bundle').length)")
    assert asked == [1, 0, 0]


def test_leaving_says_bye_and_lets_go_of_everything(page: Page) -> None:
    show(page)
    page.evaluate("leave()")
    assert len(sent(page, "bye")) == 1
    assert page.evaluate("[...model.listeners.values()].flat().length") == 0
    assert page.locator("main section").count() == 0
