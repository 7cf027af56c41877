import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KNOCK_MS, throughControl } from "../src/kernel/control";
import { type Model, post } from "../src/kernel/protocol";
import { LabModel } from "./lab";
import { ScriptedModel } from "./model";

const REACH = { control: "comm-1", advice: "" };
const kinds = (messages: { kind: string }[]) => messages.map((message) => message.kind);
const controlled = (lab: LabModel) => kinds(lab.kernel.controlled.map(({ content }) => content.data.content));

describe("the control channel", () => {
  let controller: AbortController;
  const through = (model: Model) => throughControl(model, controller.signal);

  beforeEach(() => {
    vi.useFakeTimers();
    controller = new AbortController();
  });
  afterEach(() => vi.useRealTimers());

  it("is knocked at, and has all messages when the kernel has answered", () => {
    const lab = new LabModel({ reach: REACH });
    const model = through(lab);
    post(model, { kind: "bundle", name: "widget" });
    expect(controlled(lab)).toEqual(["knock"]);
    lab.receive({ kind: "knocked" });
    post(model, { kind: "dismiss" });
    vi.advanceTimersByTime(KNOCK_MS);
    expect(controlled(lab)).toEqual(["knock", "bundle", "dismiss"]);
    expect(lab.sent).toEqual([]);
  });

  it("has none where the kernel does not answer, but those after a late answer", () => {
    const lab = new LabModel({ reach: REACH });
    const model = through(lab);
    post(model, { kind: "bundle", name: "widget" });
    vi.advanceTimersByTime(KNOCK_MS);
    post(model, { kind: "dismiss" });
    expect(kinds(lab.sent)).toEqual(["bundle", "dismiss"]);
    lab.receive({ kind: "knocked" });
    post(model, { kind: "bye", console: 0, view: "v" });
    expect(kinds(lab.sent)).toEqual(["bundle", "dismiss"]);
    expect(controlled(lab)).toEqual(["knock", "bye"]);
  });

  it("is let go with the view", () => {
    const lab = new LabModel({ reach: REACH });
    through(lab);
    controller.abort();
    expect(lab.listenerCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gets whole Jupyter messages", () => {
    const lab = new LabModel({ reach: REACH });
    const model = through(lab);
    lab.receive({ kind: "knocked" });
    const key = new Uint8Array([120]);
    post(model, { kind: "input", console: 0, view: "v", reply: false, at: 0 }, [key]);
    const [first, message] = lab.kernel.controlled;
    expect(message).toMatchObject({
      channel: "control",
      header: { msg_type: "comm_msg", session: "page", username: "somebody", version: "5.2" },
      parent_header: {},
      content: { comm_id: "comm-1", data: { method: "custom", content: { kind: "input", at: 0 } } },
      buffers: [key],
    });
    expect(message?.header.msg_id).not.toBe(first?.header.msg_id);
  });

  it("is left alone where the kernel does not listen, and where the front end has none", () => {
    const deaf = new LabModel({ reach: { control: "", advice: "" } });
    expect(through(deaf)).toBe(deaf);
    expect(deaf.kernel.controlled).toEqual([]);
    const plain = new ScriptedModel({ reach: REACH });
    expect(through(plain)).toBe(plain);
  });

  it("gives way to the usual one when the connection is gone", () => {
    const lab = new LabModel({ reach: REACH });
    const model = through(lab);
    lab.receive({ kind: "knocked" });
    lab.widget_manager.kernel = null;
    post(model, { kind: "dismiss" });
    expect(kinds(lab.sent)).toEqual(["dismiss"]);
  });

  it("leaves the model as it is otherwise", () => {
    const lab = new LabModel({ reach: REACH, snapshot: "text" });
    const model = through(lab);
    expect(model.get("snapshot")).toBe("text");
    const heard: string[] = [];
    model.on("msg:custom", (message) => heard.push(message.kind));
    lab.receive({ kind: "open", elsewhere: false });
    expect(heard).toEqual(["open"]);
  });
});
