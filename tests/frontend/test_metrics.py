"""The tab Metrics and the states over time in a real browser, with a scripted kernel."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

POINTS = """(count) => Array.from({length: count}, (_, i) => ({
  time_ms: 1e12 + 1000 * i, cpu_percent: i % 90, vcpu_percent: [i % 80], memory_mib: 200,
  guest_memory_mib: 40, disk_read_bytes_per_s: 1e6, disk_written_bytes_per_s: 0,
  network_received_bytes_per_s: null, network_sent_bytes_per_s: null}))"""


def look(page: Page) -> None:
    page.evaluate("show({})")
    page.get_by_role("tab", name="Metrics").click()
    page.wait_for_function("model.of('metrics_watch').length > 0")


def tell(page: Page, count: int = 100) -> None:
    page.evaluate(
        f"model.receive({{kind: 'metrics', first: 0, points: ({POINTS})({count}),"
        " notes: ['a note'], view: model.of('metrics_watch')[0].view})"
    )


def test_charts_are_drawn_within_the_card_and_told_in_words(page: Page) -> None:
    look(page)
    tell(page)
    charts = page.get_by_role("img", name="over the last 1 min 39 s")
    expect(charts).to_have_count(4)
    card = page.get_by_role("region", name="Virtual machine web").bounding_box()
    assert card is not None
    for number in range(4):
        box = charts.nth(number).bounding_box()
        assert box is not None
        assert card["x"] < box["x"]
        assert box["x"] + box["width"] < card["x"] + card["width"]
    panel = page.get_by_role("tabpanel", name="Metrics")
    for words in ("all 9 %", "in the guest 40 MiB", "received not known", "a note"):
        expect(panel).to_contain_text(words)


def test_a_narrow_card_has_its_charts_below_each_other(page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 760})
    look(page)
    tell(page)
    boxes = [page.locator(".vmnb-chart").nth(number).bounding_box() for number in range(2)]
    first, second = boxes
    assert first is not None
    assert second is not None
    assert second["y"] >= first["y"] + first["height"]


def test_only_a_tab_that_is_shown_and_in_sight_is_looked_at(page: Page) -> None:
    page.evaluate("show({})")
    expect(page.get_by_role("tab", name="Metrics")).to_be_visible()
    assert page.evaluate("model.of('metrics_watch')") == []
    page.get_by_role("tab", name="Metrics").click()
    page.wait_for_function("model.of('metrics_watch').length === 1")
    page.get_by_role("tab", name="Console").click()
    page.wait_for_function("model.of('metrics_leave').length === 1")
    page.get_by_role("tab", name="Metrics").click()
    page.wait_for_function("model.of('metrics_watch').length === 2")
    page.evaluate("document.body.prepend(Object.assign(document.createElement('div'),"
                  " {style: 'height: 5000px'}))")  # fmt: skip
    page.wait_for_function("model.of('metrics_leave').length === 2")
    page.evaluate("scrollTo(0, 5000)")
    page.wait_for_function("model.of('metrics_watch').length === 3")
    page.evaluate("leave()")
    assert page.evaluate("model.of('metrics_leave').length") == 3


def test_the_history_begins_with_the_states_over_time(page: Page) -> None:
    page.evaluate(
        "show({states: {segments: [['prepared', 0, 5000], ['running', 5000, 50000],"
        " ['suspended', 50000, 100000]], marks: [['ready', 20000]]}})"
    )
    page.get_by_role("tab", name="History").click()
    bars = page.get_by_role("img", name="States over time: prepared 5.0 s, running 45 s")
    expect(bars).to_be_visible()
    box = bars.bounding_box()
    running = page.locator("[data-state=running]").bounding_box()
    assert box is not None
    assert running is not None
    assert running["width"] == pytest.approx(0.45 * box["width"], abs=2)
