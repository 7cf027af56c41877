/** Actions asked of the kernel, and a word when it does not answer. */
import { type ActionName, type Model, post } from "./protocol";

/** A kernel that says nothing for so long is busy or gone. */
export const PATIENCE_MS = 2000;

export class Requests {
  private readonly waiting = new Map<string, ReturnType<typeof setTimeout>>();
  private count = 0;

  /** `onSilence(true)` when the kernel stays silent, `onSilence(false)` when it speaks again. */
  constructor(
    private readonly model: Model,
    private readonly onSilence: (isSilent: boolean) => void,
  ) {}

  ask(action: ActionName): void {
    this.count += 1;
    const id = `${action}-${Date.now().toString(36)}-${this.count}`;
    this.waiting.set(id, setTimeout(() => this.onSilence(true), PATIENCE_MS));
    post(this.model, { kind: "action", action, id });
  }

  /** The answer to one action. */
  answered(id: string): void {
    clearTimeout(this.waiting.get(id));
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.onSilence(false);
  }

  /** Any sign that the kernel is at work. */
  heard(): void {
    this.waiting.forEach(clearTimeout);
    this.onSilence(false);
  }

  dispose(): void {
    this.waiting.forEach(clearTimeout);
  }
}
