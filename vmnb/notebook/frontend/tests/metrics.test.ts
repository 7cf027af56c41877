import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MetricsTab } from "../src/card/metrics";
import type { MetricPoint } from "../src/kernel/protocol";
import { ScriptedModel, cardOf } from "./model";
import { Sight } from "./sight";

const HOSTILE = "<img src=x onerror=alert(1)>";

function pointAt(second: number, changes: Partial<MetricPoint> = {}): MetricPoint {
  return {
    time_ms: 1_000_000 + second * 1000,
    cpu_percent: 10 * second,
    vcpu_percent: [5 * second],
    memory_mib: 256,
    guest_memory_mib: null,
    disk_read_bytes_per_s: 2048,
    disk_written_bytes_per_s: 0,
    network_received_bytes_per_s: null,
    network_sent_bytes_per_s: null,
    ...changes,
  };
}

describe("the tab Metrics", () => {
  let model: ScriptedModel;
  let tab: MetricsTab;
  const asked = () => model.sent.filter(({ kind }) => kind === "metrics_watch") as { view: string; since: number }[];
  const view = () => asked()[0]?.view ?? "";
  const tell = (first: number, points: MetricPoint[], to?: string) =>
    tab.receive({ kind: "metrics", first, points, notes: [HOSTILE], ...(to === undefined ? {} : { view: to }) });
  const labels = () => [...tab.element.querySelectorAll("svg[role=img]")].map((svg) => svg.getAttribute("aria-label"));

  beforeEach(() => {
    const see = Sight.install();
    model = new ScriptedModel({});
    tab = new MetricsTab(model);
    tab.update(cardOf());
    see(true);
    tab.show(true);
  });
  afterEach(() => {
    tab.dispose();
    vi.unstubAllGlobals();
  });

  it("asks for what there is, and says what it shows in words", () => {
    expect(asked().map(({ since }) => since)).toEqual([0]);
    tell(0, [0, 1, 2].map((second) => pointAt(second)), view());
    expect(labels()).toEqual([
      "CPU (% of a core) over the last 1 min: all now 20 %, from 0 % to 20 %; virtual CPUs now 10 %, from 0 % to 10 %",
      "Memory over the last 1 min: on the host now 256 MiB, from 256 MiB to 256 MiB; in the guest not known",
      "Disk over the last 1 min: read now 2 KiB/s, from 2 KiB/s to 2 KiB/s; written now 0 B/s, from 0 B/s to 0 B/s",
      "Network over the last 1 min: received not known; sent not known",
    ]);
    expect(tab.element.textContent).toContain("all 20 %");
    expect(tab.element.textContent).toContain(HOSTILE);
    expect(tab.element.querySelector("img")).toBeNull();
  });

  it("goes on with what is new, and passes over what it has and what is another's", () => {
    tell(0, [pointAt(0), pointAt(1)], view());
    tell(5, [pointAt(9)], "another view");
    tell(1, [pointAt(1), pointAt(2)]);
    tell(3, [pointAt(3)]);
    expect(labels()[0]).toContain("now 30 %, from 0 % to 30 %");
    expect(asked()).toHaveLength(1);
  });

  it("asks again where it missed something", () => {
    tell(0, [pointAt(0)], view());
    tell(4, [pointAt(4)]);
    expect(asked().at(-1)?.since).toBe(1);
    expect(labels()[0]).toContain("all now 0 %");
  });

  it("begins anew with a kernel that does", () => {
    tell(0, [0, 1, 2, 3].map((second) => pointAt(second)), view());
    tell(1, [], view());
    tell(1, [pointAt(50, { cpu_percent: 1 })]);
    expect(labels()[0]).toContain("all now 1 %, from 1 % to 1 %");
  });

  it("says why there is nothing, and forgets that when there is something", () => {
    tab.receive({ kind: "metrics_refused", reason: HOSTILE, view: view() });
    const status = tab.element.querySelector<HTMLElement>(".vmnb-nothing");
    expect(status?.textContent).toBe(HOSTILE);
    expect(tab.element.querySelector<HTMLElement>(".vmnb-charts")?.hidden).toBe(true);
    tell(0, [pointAt(0)], view());
    expect(status?.hidden).toBe(true);
    expect(tab.element.querySelector<HTMLElement>(".vmnb-charts")?.hidden).toBe(false);
  });

  it("asks at once when the machine begins to run", () => {
    tab.update(cardOf({ state: "stopped" }));
    expect(asked()).toHaveLength(1);
    tab.update(cardOf());
    expect(asked()).toHaveLength(2);
  });

  it("keeps no more than ten minutes", () => {
    tell(0, Array.from({ length: 700 }, (_, second) => pointAt(second, { cpu_percent: second })), view());
    expect(labels()[0]).toContain("over the last 9 min 59 s: all now 699 %, from 100 % to 699 %");
  });

  it("says that it looks no more", () => {
    tab.show(false);
    expect(model.sent.at(-1)).toEqual({ kind: "metrics_leave", view: view() });
  });
});
