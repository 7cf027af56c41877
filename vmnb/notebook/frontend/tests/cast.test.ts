import { describe, expect, it } from "vitest";
import { type CastEvent, clock, stepsOf, withoutPauses } from "../src/console/cast";

describe("a recording", () => {
  it("comes at once, and waits for nobody longer than two seconds", () => {
    const events: CastEvent[] = [[5, "o", "a"], [5.5, "o", "b"], [600, "o", "c"], [601, "m", "d"]];
    expect(withoutPauses(events).map(([time]) => time)).toEqual([0, 0.5, 2.5, 3.5]);
    expect(withoutPauses([])).toEqual([]);
  });

  it("is drawn in as few pieces as its sizes allow", () => {
    const events: CastEvent[] = [[0, "o", "a"], [1, "m", "x"], [2, "o", "b"], [3, "r", "100x30"], [4, "o", "c"]];
    expect(stepsOf(events)).toEqual([{ text: "ab" }, { size: { cols: 100, rows: 30 } }, { text: "c" }]);
  });

  it("has its times in minutes and seconds", () => {
    expect([0, 5.9, 61, 3661].map(clock)).toEqual(["0:00", "0:05", "1:01", "61:01"]);
  });
});
