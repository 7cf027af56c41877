import { describe, expect, it } from "vitest";
import { onReconnect } from "../src/kernel/lab-kernel";
import { silenceText } from "../src/kernel/silence";
import { LabModel } from "./lab";
import { ScriptedModel } from "./model";

const ADVICE = { control: "", advice: "Take another kernel." };

describe("a silent kernel", () => {
  it("is said to run a cell where the front end knows it, with what helps", () => {
    const lab = new LabModel({ reach: ADVICE });
    lab.kernel.status = "busy";
    expect(silenceText(lab)).toMatch(/is running a cell, and takes clicks and keys only after it\. Take another kernel\.$/);
  });

  it("may be gone where nobody knows", () => {
    expect(silenceText(new LabModel())).toMatch(/running a cell, or gone\.$/);
    expect(silenceText(new ScriptedModel({ reach: ADVICE }))).toMatch(/or gone\. Take another kernel\.$/);
  });

  it("is not to blame for a lost connection", () => {
    const lab = new LabModel({ reach: ADVICE });
    lab.kernel.become("connecting");
    expect(silenceText(lab)).toMatch(/^The page has lost its connection/);
  });
});

describe("a connection that comes back", () => {
  it("is told of each time, until nobody wants to know", () => {
    const lab = new LabModel();
    let count = 0;
    const end = onReconnect(lab, () => (count += 1));
    for (const status of ["connecting", "connected", "connecting", "connected"]) lab.kernel.become(status);
    expect(count).toBe(2);
    end();
    lab.kernel.become("connected");
    expect(count).toBe(2);
    expect(lab.kernel.slotCount).toBe(0);
  });

  it("is no matter where the front end tells nothing", () => {
    onReconnect(new ScriptedModel({}), () => undefined)();
  });
});
