/** What a view typed, until the kernel has it: nothing lost, nothing twice, nothing unbounded. */
import type { ToPage } from "../kernel/protocol";
import { PATIENCE_MS } from "../kernel/silence";

/** A message holds at most so many typed or pasted bytes. */
export const PART_BYTES = 32 * 1024;
/** Most bytes that wait for the kernel's word. */
export const WAITING_MAX = 2 * 1024 * 1024;
/** The same bytes are sent again at most this often. */
export const AGAIN_PAUSE_MS = 1000;

interface Part {
  at: number;
  bytes: Uint8Array;
  reply: boolean;
}

/** What a view types; who it is, is added elsewhere. */
export interface TypedWord {
  kind: "input";
  reply: boolean;
  at: number;
}

export class Typing {
  private waiting: Part[] = [];
  private end = 0;
  private again = { seq: -1, at: Number.NEGATIVE_INFINITY };
  private patience: ReturnType<typeof setTimeout> | undefined;

  /** `onSilence(true)` when the kernel does not take a person's keys, `onSilence(false)` when it does. */
  constructor(
    private readonly send: (word: TypedWord, buffers: ArrayBufferView[]) => void,
    private readonly onSilence: (isSilent: boolean) => void,
  ) {}

  /** The first byte that the kernel may not have. */
  get unconfirmed(): number {
    return this.waiting[0]?.at ?? this.end;
  }

  /** Send `bytes`; false, and nothing is sent, if too much waits already. */
  type(bytes: Uint8Array, reply: boolean): boolean {
    if (this.end + bytes.length - this.unconfirmed > WAITING_MAX) return false;
    for (let start = 0; start < bytes.length; start += PART_BYTES) {
      const part = { at: this.end, bytes: bytes.slice(start, start + PART_BYTES), reply };
      this.end += part.bytes.length;
      this.waiting.push(part);
      this.sendPart(part);
    }
    if (!reply) this.patience ??= setTimeout(() => this.onSilence(true), PATIENCE_MS);
    return true;
  }

  confirm({ seq, again }: ToPage & { kind: "typed" }): void {
    if (seq > this.unconfirmed) {
      this.waiting = this.waiting.filter((part) => part.at + part.bytes.length > seq);
      this.calm();
    }
    if (again) this.sendAgain(seq);
  }

  dispose(): void {
    clearTimeout(this.patience);
  }

  /** The kernel takes keys; it has a while again for those that wait. */
  private calm(): void {
    clearTimeout(this.patience);
    this.patience = undefined;
    this.onSilence(false);
    if (this.waiting.some(({ reply }) => !reply)) {
      this.patience = setTimeout(() => this.onSilence(true), PATIENCE_MS);
    }
  }

  private sendAgain(seq: number): void {
    const now = Date.now();
    if (seq === this.again.seq && now - this.again.at < AGAIN_PAUSE_MS) return;
    this.again = { seq, at: now };
    for (const part of this.waiting) this.sendPart(part);
  }

  private sendPart({ at, bytes, reply }: Part): void {
    this.send({ kind: "input", reply, at }, [bytes]);
  }
}
