import { beforeEach, describe, expect, it, vi } from "vitest";
import { Actions } from "../src/card/actions";
import { cardOf } from "./model";

describe("the buttons", () => {
  const act = vi.fn();
  let actions: Actions;
  const button = (word: string, within: HTMLElement = actions.buttons) =>
    [...within.querySelectorAll("button")].find((one) => one.textContent === word) as HTMLButtonElement;
  const press = (key: string) =>
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));

  beforeEach(() => {
    act.mockClear();
    actions = new Actions(act);
    document.body.replaceChildren(actions.buttons, actions.question);
    actions.update(cardOf({}, ["stop", "suspend", "destroy"]));
  });

  it("act at once", () => {
    button("Stop").click();
    expect(act).toHaveBeenCalledExactlyOnceWith("stop");
  });

  it("that may not be pressed do nothing, and say why", () => {
    button("Start").click();
    expect(act).not.toHaveBeenCalled();
    expect(button("Start").title).toBe("not now");
    expect(button("Start").getAttribute("aria-description")).toBe("not now");
    expect(button("Stop").hasAttribute("aria-description")).toBe(false);
  });

  it("share a place for Suspend and Resume, and the focus stays in it", () => {
    button("Suspend").focus();
    actions.update(cardOf({ state: "suspended" }, ["resume"]));
    expect(button("Suspend").hidden).toBe(true);
    expect(document.activeElement).toBe(button("Resume"));
  });

  it("ask before destroying, with the focus on Cancel", () => {
    button("Destroy").click();
    expect(act).not.toHaveBeenCalled();
    expect(actions.question.hidden).toBe(false);
    expect(document.activeElement?.textContent).toBe("Cancel");
  });

  it("destroy after the second yes", () => {
    button("Destroy").click();
    button("Destroy", actions.question).click();
    expect(act).toHaveBeenCalledExactlyOnceWith("destroy");
    expect(actions.question.hidden).toBe(true);
  });

  it.each([
    ["Cancel", () => button("Cancel", actions.question).click()],
    ["Escape", () => press("Escape")],
  ])("destroy nothing after %s, and give the focus back", (_name, refuse) => {
    button("Destroy").click();
    refuse();
    expect(act).not.toHaveBeenCalled();
    expect(actions.question.hidden).toBe(true);
    expect(document.activeElement).toBe(button("Destroy"));
  });

  it("take the question back when destroying is no longer possible", () => {
    button("Destroy").click();
    actions.update(cardOf({}, ["stop"]));
    expect(actions.question.hidden).toBe(true);
  });
});
