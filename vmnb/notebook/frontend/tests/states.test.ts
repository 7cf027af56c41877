import { describe, expect, it } from "vitest";
import { stateStrip } from "../src/card/states";

const HOSTILE = "<b>bold</b>";

describe("the states over time", () => {
  const strip = stateStrip(
    {
      segments: [["prepared", 0, 5000], ["running", 5000, 80_000], ["unknown", 80_000, 90_000], ["failed", 90_000, null]],
      marks: [["ready", 20_000], [HOSTILE, 1e9]],
    },
    100_000,
  );
  const bars = [...(strip?.querySelectorAll("i") ?? [])];

  it("are bars one after the other, to now", () => {
    const places = bars.map(({ style }) => [style.left, style.width]);
    expect(places).toEqual([["0.000%", "5.000%"], ["5.000%", "75.000%"], ["80.000%", "10.000%"], ["90.000%", "10.000%"]]);
    expect(strip?.textContent).toContain("now");
  });

  it("have a word where there is room, and one for the pointer always", () => {
    expect(bars.map(({ textContent }) => textContent)).toEqual(["", "running", "", ""]);
    expect(bars.map(({ title }) => title)).toEqual(["prepared, 5.0 s", "running, 1 min 15 s", "unknown, 10 s", "failed, 10 s"]);
  });

  it("are read out in their order, and summed up", () => {
    const label = strip?.querySelector("[role=img]")?.getAttribute("aria-label");
    expect(label).toBe("States over time: prepared 5.0 s, running 1 min 15 s, unknown 10 s, failed 10 s");
    expect(strip?.querySelector("p")?.textContent).toContain("running 1 min 15 s · unknown 10 s");
  });

  it("have marks within them, whatever those are called", () => {
    const marks = [...(strip?.querySelectorAll("b") ?? [])];
    expect(marks.map(({ style, title }) => [style.left, title])).toEqual([["20%", "ready"], ["100%", HOSTILE]]);
  });

  it("are not there where nothing is known", () => {
    expect(stateStrip(undefined, 5)).toBeNull();
    expect(stateStrip({ segments: [], marks: [] }, 5)).toBeNull();
  });

  it("are not negative where the page's clock is behind", () => {
    const one = stateStrip({ segments: [["running", 5000, null]], marks: [] }, 1000);
    expect(one?.querySelector("i")?.style.width).toBe("100.000%");
  });
});
