import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FleetView } from "../src/fleet/fleet";
import type { ActionState, Fleet, FleetAction, FleetRow } from "../src/kernel/protocol";
import { showStillFleet } from "../src/fleet/still";
import { ScriptedModel } from "./model";

const HOSTILE = `<img src=x onerror="window.stolen = true"><script>window.stolen = true</script>`;
const NAMES: FleetAction[] = ["start", "suspend", "resume", "stop"];

function rowOf(changes: Partial<FleetRow> = {}): FleetRow {
  return { name: "a", state: "running", busy: null, address: "10.0.2.15", ways_in: "", uptime_since: null, trouble: "", ...changes };
}

function fleetOf(rows: FleetRow[], allowed: FleetAction[] = NAMES, error: Fleet["error"] = null): Fleet {
  const state = (name: FleetAction): ActionState => ({ enabled: allowed.includes(name), reason: allowed.includes(name) ? "" : "not now" });
  return { rows, actions: Object.fromEntries(NAMES.map((name) => [name, state(name)])) as Fleet["actions"], error };
}

const cells = (root: Element) =>
  [...root.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));

describe("the table of a fleet", () => {
  let model: ScriptedModel;
  let view: FleetView;
  const button = (word: string) => [...view.element.querySelectorAll("button")].find((one) => one.textContent === word) as HTMLButtonElement;
  const show = (fleet: Fleet) => {
    model = new ScriptedModel({ fleet, layout_kind: "fleet" });
    view = new FleetView(model, fleet);
    document.body.replaceChildren(view.element);
  };

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse("2026-11-25T10:00:00Z") });
  });
  afterEach(() => {
    view.dispose();
    vi.useRealTimers();
  });

  it("has a row for each machine, with what goes on", () => {
    const busy = { action: "start", since_ms_epoch: Date.now() - 2100, expected_s: 5, text: "booting" } as const;
    show(
      fleetOf([
        rowOf({ name: "a", busy }),
        rowOf({ name: "b", ways_in: "127.0.0.1:8080→80", uptime_since: "2026-11-25T09:58:55Z" }),
        rowOf({ name: "c", state: "failed", address: "", trouble: "QEMU ended" }),
      ]),
    );
    expect(cells(view.element)).toEqual([
      ["a", "booting", "10.0.2.15", "booting, 2.1 s of about 5 s"],
      ["b", "running", "10.0.2.15127.0.0.1:8080→80", "up 1 min 5 s"],
      ["c", "failed", "", "QEMU ended"],
    ]);
    expect(view.element.querySelector("[role=status]")?.textContent).toBe("1 booting, 1 failed, 1 running");
  });

  it("counts the time by itself, and follows the kernel", () => {
    show(fleetOf([rowOf({ uptime_since: "2026-11-25T10:00:00Z" })]));
    vi.advanceTimersByTime(3000);
    expect(cells(view.element)[0]?.[3]).toBe("up 3 s");
    const row = view.element.querySelector("tbody tr");
    model.set("fleet", fleetOf([rowOf({ state: "suspended" })]));
    expect(cells(view.element)).toEqual([["a", "suspended", "10.0.2.15", ""]]);
    expect(view.element.querySelector("tbody tr")).toBe(row);
  });

  it("asks for an action once, until the kernel has taken it", () => {
    show(fleetOf([rowOf()], ["suspend"]));
    button("Start all").click();
    expect(model.sent).toEqual([]);
    expect(button("Start all").getAttribute("aria-description")).toBe("not now");
    button("Suspend all").click();
    const [asked] = model.sent;
    expect(asked).toMatchObject({ kind: "action", action: "suspend" });
    view.receive({ kind: "relinked" });
    expect(model.sent).toEqual([asked, asked]);
    view.receive({ kind: "action_taken", id: (asked as { id: string }).id });
    view.receive({ kind: "relinked" });
    expect(model.sent).toHaveLength(2);
  });

  it("says so when the kernel is silent", () => {
    show(fleetOf([rowOf()]));
    button("Stop all").click();
    vi.advanceTimersByTime(2500);
    expect(view.element.textContent).toContain("The kernel has not answered yet");
  });

  it("shows what went wrong until it is read", () => {
    show(fleetOf([rowOf()], NAMES, { title: "cannot start all", message: "b: no power", hint: "" }));
    expect(view.element.querySelector("[role=alert]")?.textContent).toContain("b: no power");
    (view.element.querySelector("[aria-label=Dismiss]") as HTMLElement).click();
    expect(model.sent).toEqual([{ kind: "dismiss" }]);
  });

  it("keeps hostile strings text, live and still", () => {
    const fleet = fleetOf([rowOf({ name: HOSTILE, state: HOSTILE, address: HOSTILE, ways_in: HOSTILE, trouble: HOSTILE })]);
    show(fleet);
    const still = document.body.appendChild(document.createElement("div"));
    showStillFleet(model, still);
    expect(document.querySelector("img, script")).toBeNull();
    expect(cells(still)).toEqual([[HOSTILE, HOSTILE, HOSTILE + HOSTILE, HOSTILE]]);
  });

  it("lets go of everything", () => {
    show(fleetOf([rowOf({ uptime_since: "2026-11-25T10:00:00Z" })]));
    view.dispose();
    expect(model.listenerCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is readable where no kernel runs, and has nothing to click", () => {
    const busy = { action: "start", since_ms_epoch: Date.now(), expected_s: null, text: "starting" } as const;
    show(fleetOf([rowOf({ uptime_since: "2026-11-25T09:00:00Z" }), rowOf({ name: "b", state: "stopped", address: "", busy })]));
    const root = document.createElement("div");
    const leave = showStillFleet(model, root);
    expect(cells(root)).toEqual([["a", "running", "10.0.2.15", ""], ["b", "stopped", "", ""]]);
    expect(root.querySelector("[role=status]")?.textContent).toBe("1 running, 1 stopped");
    expect(root.textContent).toContain("As it was saved");
    expect(root.querySelector("button")).toBeNull();
    model.set("fleet", fleetOf([rowOf({ state: "stopped" })]));
    expect(cells(root)).toHaveLength(1);
    leave();
    expect(root.childNodes).toHaveLength(0);
  });
});
