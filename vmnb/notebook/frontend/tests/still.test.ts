import { beforeEach, describe, expect, it } from "vitest";
import { showStill } from "../src/card/still";
import { LabModel } from "./lab";
import { ScriptedModel, cardOf } from "./model";

const HOSTILE = `<img src=x onerror="window.stolen = true"><script>window.stolen = true</script>`;

describe("the still card", () => {
  let root: HTMLElement;
  beforeEach(() => {
    root = document.createElement("div");
    document.body.replaceChildren(root);
  });

  it("shows name, state, facts, history and the console's last text", () => {
    const model = new ScriptedModel({
      card: cardOf({ facts: [["Disk", "1 GiB"]] }),
      history: [["2026-11-23T10:00:00+00:00", "prepared", "running", "start", 4.9, "user", "first"]],
      snapshot: "root@web:~# ",
    });
    showStill(model, root);
    const text = root.textContent ?? "";
    for (const part of ["web", "running", "10.0.2.15", "prepared → running", "4.9 s", "1 GiB"]) {
      expect(text).toContain(part);
    }
    expect(root.querySelector("pre")?.textContent).toBe("root@web:~# ");
    expect(root.querySelector("button")).toBeNull();
  });

  it("says what it waits for while the kernel runs a cell", () => {
    const model = new LabModel({ card: cardOf() });
    model.kernel.status = "busy";
    showStill(model, root);
    expect(root.textContent).toContain("The kernel is running a cell");
    expect(root.textContent).not.toContain("As it was saved");
  });

  it("keeps hostile strings text wherever they stand", () => {
    const model = new ScriptedModel({
      card: cardOf({ name: HOSTILE, state: HOSTILE, address: HOSTILE, accelerator_note: HOSTILE, facts: [[HOSTILE, HOSTILE]] }),
      history: [[HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, HOSTILE, HOSTILE]],
      snapshot: HOSTILE,
    });
    showStill(model, root);
    expect(root.querySelector("img, script")).toBeNull();
    expect(root.querySelector("pre")?.textContent).toBe(HOSTILE);
    expect(root.querySelector("strong")?.textContent).toBe(HOSTILE);
  });

  it("follows the traits and lets go of them", () => {
    const model = new ScriptedModel({ card: cardOf(), history: [], snapshot: "" });
    const leave = showStill(model, root);
    model.set("card", cardOf({ state: "stopped" }));
    expect(root.textContent).toContain("stopped");
    leave();
    expect(model.listenerCount).toBe(0);
    expect(root.childNodes).toHaveLength(0);
  });

  it("says something even where nothing was saved", () => {
    showStill(new ScriptedModel({}), root);
    expect(root.textContent).toContain("virtual machine");
  });

  it("is just the console where the console was shown alone", () => {
    const model = new ScriptedModel({ card: cardOf(), snapshot: "text", layout_kind: "console" });
    showStill(model, root);
    expect(root.querySelector("table, details")).toBeNull();
    expect(root.querySelector("pre")?.textContent).toBe("text");
  });
});
