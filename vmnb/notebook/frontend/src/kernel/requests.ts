/** Actions asked of the kernel, and a word when it does not take them. */
import { randomId } from "../parts/ids";
import { type ActionName, type Model, post } from "./protocol";
import { PATIENCE_MS } from "./silence";

interface Waiting {
  action: ActionName;
  patience: ReturnType<typeof setTimeout>;
}

export class Requests {
  private readonly waiting = new Map<string, Waiting>();

  /** `onSilence(true)` when the kernel stays silent, `onSilence(false)` when it speaks again. */
  constructor(
    private readonly model: Model,
    private readonly onSilence: (isSilent: boolean) => void,
  ) {}

  /** Ask for an action; one that the kernel has not yet taken stays one, however often it is asked. */
  ask(action: ActionName): void {
    const [asked] = [...this.waiting].find(([, other]) => other.action === action) ?? [];
    const id = asked ?? randomId();
    if (asked === undefined) {
      this.waiting.set(id, { action, patience: setTimeout(() => this.onSilence(true), PATIENCE_MS) });
    }
    post(this.model, { kind: "action", action, id });
  }

  /** Ask once more for what was not taken: the connection was lost, and the words with it. */
  again(): void {
    for (const [id, { action }] of this.waiting) post(this.model, { kind: "action", action, id });
  }

  /** The kernel has taken the action, or has done it. */
  taken(id: string): void {
    clearTimeout(this.waiting.get(id)?.patience);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.onSilence(false);
  }

  dispose(): void {
    for (const { patience } of this.waiting.values()) clearTimeout(patience);
  }
}
