import { describe, expect, it } from "vitest";
import type { Busy } from "../src/kernel/protocol";
import { badgeOf, busyFraction, busyText, changeText, duration, factWords, localTime, memory, wholeDuration } from "../src/parts/words";
import { cardOf } from "./model";

const busy = (expected_s: number | null): Busy => ({ action: "start", since_ms_epoch: 10_000, expected_s, text: "booting" });

describe("the text while something is done", () => {
  it.each([
    [5, 12_100, "booting, 2.1 s of about 5 s"],
    [1.26, 10_400, "booting, 0.4 s of about 1.3 s"],
    [5, 17_300, "booting, 7.3 s, usually about 5 s"],
    [null, 12_100, "booting, 2.1 s"],
    [0, 12_100, "booting, 2.1 s"],
    [5, 9_000, "booting, 0.0 s of about 5 s"], // the page's clock is behind the kernel's
  ])("with %s s expected, at %i ms: %s", (expected_s, nowMs, text) => {
    expect(busyText(busy(expected_s), nowMs)).toBe(text);
  });

  it("knows the fraction only while it means something", () => {
    expect(busyFraction(busy(5), 12_500)).toBe(0.5);
    expect(busyFraction(busy(5), 16_000)).toBeNull();
    expect(busyFraction(busy(null), 12_000)).toBeNull();
  });
});

describe("numbers", () => {
  it.each([
    [0.0042, "4 ms"],
    [4.913, "4.9 s"],
    [59.9, "59 s"],
    [125, "2 min 5 s"],
    [3600, "1 h"],
    [11_230, "3 h 7 min"],
    [187_000, "2 d 3 h"],
  ])("%d s is %s", (value_s, text) => expect(duration(value_s)).toBe(text));

  it.each([
    [-3, "0 s"],
    [0.9, "0 s"],
    [60, "1 min"],
  ])("%d s in whole seconds is %s", (value_s, text) => expect(wholeDuration(value_s)).toBe(text));

  it.each([
    [256, "256 MiB"],
    [1024, "1 GiB"],
    [1536, "1.5 GiB"],
  ])("%d MiB is %s", (mib, text) => expect(memory(mib)).toBe(text));
});

describe("a card in words", () => {
  it("leaves out what is not known", () => {
    const card = cardOf({ backend: "noop", accelerator: "", address: "", vcpus: 2 });
    expect(factWords(card)).toEqual(["noop", "2 vCPUs", "256 MiB"]);
  });

  it("says what a guest goes on from that has not booted", () => {
    const card = cardOf({ backend: "qemu", accelerator: "", address: "", origin: "restored from a template" });
    expect(factWords(card)).toContain("restored from a template");
  });

  it("names what is being done rather than the state", () => {
    expect(badgeOf(cardOf({ state: "prepared", busy: busy(5) })).word).toBe("booting");
    expect(badgeOf(cardOf({ state: "failed" }))).toEqual({ word: "failed", tone: "bad" });
    expect(badgeOf(cardOf({ state: "a state of another time" })).tone).toBe("calm");
  });

  it("says a change once", () => {
    expect(changeText(["", "prepared", "running", "", null, "", ""])).toBe("prepared → running");
    expect(changeText(["", "", "prepared", "", null, "", ""])).toBe("prepared");
    expect(changeText(["", "running", "running", "", null, "", ""])).toBe("running");
  });

  it("leaves a time that cannot be read as it is", () => {
    expect(localTime("yesterday")).toBe("yesterday");
    expect(localTime("2026-11-23T10:00:00+00:00")).toContain("2026");
  });
});
