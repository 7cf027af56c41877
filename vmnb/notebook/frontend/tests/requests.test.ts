import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Requests } from "../src/kernel/requests";
import { PATIENCE_MS } from "../src/kernel/silence";
import { ScriptedModel } from "./model";

describe("actions asked of the kernel", () => {
  let model: ScriptedModel;
  let silence: boolean[];
  let requests: Requests;
  const ids = () => model.sent.flatMap((message) => (message.kind === "action" ? [message.id] : []));

  beforeEach(() => {
    vi.useFakeTimers();
    model = new ScriptedModel({});
    silence = [];
    requests = new Requests(model, (isSilent) => silence.push(isSilent));
  });
  afterEach(() => vi.useRealTimers());

  it("make the kernel's silence known, until it has taken them", () => {
    requests.ask("suspend");
    vi.advanceTimersByTime(PATIENCE_MS - 1);
    expect(silence).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(silence).toEqual([true]);
    requests.taken(ids()[0] ?? "");
    expect(silence).toEqual([true, false]);
  });

  it("may take long once they are taken", () => {
    requests.ask("start");
    requests.taken(ids()[0] ?? "");
    vi.advanceTimersByTime(100 * PATIENCE_MS);
    expect(silence).toEqual([false]);
  });

  it("are one action as long as the kernel has not taken it, and another one after", () => {
    requests.ask("suspend");
    requests.ask("suspend");
    requests.ask("stop");
    expect(new Set(ids()).size).toBe(2);
    requests.taken(ids()[0] ?? "");
    requests.ask("suspend");
    expect(new Set(ids()).size).toBe(3);
  });

  it("are sent again under the same name, unless they were taken", () => {
    requests.ask("suspend");
    requests.ask("stop");
    const [suspend, stop] = ids();
    requests.taken(suspend ?? "");
    requests.again();
    expect(ids()).toEqual([suspend, stop, stop]);
  });
});
