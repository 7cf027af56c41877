import { describe, expect, it } from "vitest";
import { binaryTop, linePath, roundTop, timeMarks } from "../src/parts/scale";

const BOX = { left: 50, right: 150, top: 0, bottom: 100 };
const SPAN = { from_ms: 0, to_ms: 10_000 };

describe("the end of an axis", () => {
  it.each([
    [0, 10, 10],
    [10, 10, 10],
    [11, 10, 20],
    [34, 10, 50],
    [99.9, 10, 100],
    [230, 10, 500],
  ])("of %d, at least %d, is %d", (value, least, top) => expect(roundTop(value, least)).toBe(top));

  it.each([
    [0, 1024, 1024],
    [1024, 1024, 1024],
    [1025, 1024, 2048],
    [3 << 20, 1024, 4 << 20],
  ])("of %d bytes, at least %d, is %d", (value, least, top) => expect(binaryTop(value, least)).toBe(top));
});

describe("the marks of time", () => {
  it.each([
    [60, [0, 15, 30, 45, 60]],
    [90, [0, 30, 60, 90]],
    [600, [0, 300, 600]],
  ])("in %d seconds are few and round", (span_s, marks) => {
    expect(timeMarks({ from_ms: 5, to_ms: 5 + span_s * 1000 }, 4)).toEqual(marks);
  });
});

describe("a line", () => {
  it("goes from corner to corner of its box", () => {
    expect(linePath([0, 5000, 10_000], [0, 50, 100], SPAN, 100, BOX)).toBe("M50.0 100.0 L100.0 50.0 L150.0 0.0");
  });

  it("goes over what is missing for a moment, and breaks where nothing was known for long", () => {
    const values = [1, null, 1, 1];
    expect(linePath([0, 500, 1000, 9500], values, SPAN, 1, BOX)).toBe("M50.0 0.0 L60.0 0.0 M145.0 0.0");
  });

  it("leaves out what is older than the axis, and all that is not known", () => {
    expect(linePath([-5000, 10_000], [1, 0], SPAN, 1, BOX)).toBe("M150.0 100.0");
    expect(linePath([0, 1], [null, null], SPAN, 1, BOX)).toBe("");
  });
});
