import { describe, expect, it, vi } from "vitest";
import { ProblemBox } from "../src/card/problem";

const PROBLEM = { title: "web failed", message: "QEMU <b>ended</b>\nlast line", hint: "Start it again." };

describe("the error box", () => {
  it("shows title, message and hint as text, and asks for attention", () => {
    const box = new ProblemBox(() => undefined);
    box.update(PROBLEM);
    expect(box.element.getAttribute("role")).toBe("alert");
    expect(box.element.textContent).toContain("QEMU <b>ended</b>\nlast line");
    expect(box.element.querySelector("b")).toBeNull();
  });

  it("stays away once dismissed, until it happens again", () => {
    const onDismiss = vi.fn();
    const box = new ProblemBox(onDismiss);
    box.update(PROBLEM);
    box.element.querySelector("button")?.click();
    expect(onDismiss).toHaveBeenCalledOnce();
    box.update(PROBLEM); // the kernel has not heard of it yet
    expect(box.element.hidden).toBe(true);
    box.update(null);
    box.update(PROBLEM);
    expect(box.element.hidden).toBe(false);
  });

  it("shows another error after a dismissed one", () => {
    const box = new ProblemBox(() => undefined);
    box.update(PROBLEM);
    box.element.querySelector("button")?.click();
    box.update({ ...PROBLEM, title: "another" });
    expect(box.element.hidden).toBe(false);
  });
});
