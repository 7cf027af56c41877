import { describe, expect, it, vi } from "vitest";
import { isForGuest } from "../src/console/keys";

const own = { leave: vi.fn(), find: vi.fn(), copy: vi.fn(), zoom: vi.fn(), hasSelection: () => false };
const key = (key: string, code: string, modifiers: KeyboardEventInit = {}) =>
  new KeyboardEvent("keydown", { key, code, ctrlKey: true, shiftKey: true, cancelable: true, ...modifiers });

describe("a key in the terminal", () => {
  it.each([
    ["a", "KeyA", { ctrlKey: false, shiftKey: false }],
    ["c", "KeyC", { shiftKey: false }],
    ["F", "KeyF", { altKey: true }],
    ["A", "KeyA", {}],
  ] as const)("is the guest's: %s %s %o", (name, code, modifiers) => {
    expect(isForGuest(key(name, code, modifiers), own)).toBe(true);
  });

  it("copies where something is selected, and pastes, by the browser", () => {
    const copy = key("c", "KeyC", { shiftKey: false });
    expect(isForGuest(copy, { ...own, hasSelection: () => true })).toBe(false);
    expect(copy.defaultPrevented).toBe(false);
    for (const shiftKey of [false, true]) {
      const paste = key("v", "KeyV", { shiftKey });
      expect(isForGuest(paste, own)).toBe(false);
      expect(paste.defaultPrevented).toBe(false);
    }
  });

  it.each([
    ["Enter", "Enter", "leave", []],
    ["F", "KeyF", "find", []],
    ["C", "KeyC", "copy", []],
    ["+", "Equal", "zoom", [1]],
    ["*", "BracketRight", "", []],
    ["_", "Minus", "zoom", [-1]],
    ["-", "NumpadSubtract", "zoom", [-1]],
  ] as const)("does something here: Ctrl+Shift+%s (%s)", (name, code, what, values) => {
    const event = key(name, code);
    const isOurs = what !== "";
    expect(isForGuest(event, own)).toBe(!isOurs);
    expect(event.defaultPrevented).toBe(isOurs);
    if (isOurs) expect(own[what]).toHaveBeenLastCalledWith(...values);
  });
});
