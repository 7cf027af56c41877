/** A model that records what is sent and lets a test play the kernel. */
import type { ActionName, Card, MessageCallback, Model, ToKernel, ToPage, Traits } from "../src/kernel/protocol";

const NAMES: ActionName[] = ["start", "stop", "suspend", "resume", "destroy"];

export function cardOf(changes: Partial<Card> = {}, allowed: ActionName[] = NAMES): Card {
  const actions = NAMES.map((name) => [name, { enabled: allowed.includes(name), reason: allowed.includes(name) ? "" : "not now" }]);
  return {
    name: "web",
    state: "running",
    backend: "qemu",
    accelerator: "TCG",
    accelerator_note: "",
    vcpus: 1,
    memory_mib: 256,
    address: "10.0.2.15",
    image: "tiny",
    uptime_since: null,
    actions: Object.fromEntries(actions),
    busy: null,
    error: null,
    no_screen: "",
    facts: [],
    ...changes,
  };
}

export class ScriptedModel implements Model {
  readonly sent: ToKernel[] = [];
  /** Those of each message in `sent`. */
  readonly buffers: ArrayBufferView[][] = [];
  private readonly listeners = new Map<string, Set<(...values: never[]) => void>>();

  constructor(private readonly traits: Partial<Traits>) {}

  get<Name extends keyof Traits>(name: Name): Traits[Name] | undefined {
    return (this.traits as Traits)[name];
  }

  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  }

  on(event: string, callback: MessageCallback | (() => void)): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(callback));
  }

  off(event: string, callback: MessageCallback | (() => void)): void {
    this.listeners.get(event)?.delete(callback);
  }

  send(content: ToKernel, _callbacks?: unknown, buffers: ArrayBufferView[] = []): void {
    this.sent.push(content);
    this.buffers.push(buffers);
  }

  receive(message: ToPage, ...buffers: Uint8Array[]): void {
    this.emit("msg:custom", message as never, buffers as never);
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((sum, callbacks) => sum + callbacks.size, 0);
  }

  private emit(event: string, ...values: never[]): void {
    for (const callback of [...(this.listeners.get(event) ?? [])]) callback(...values);
  }
}
