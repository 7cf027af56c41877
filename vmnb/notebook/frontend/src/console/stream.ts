/** One view's side of the console's byte stream: nothing twice, nothing missing, nothing unbounded. */
import type { ToPage } from "../kernel/protocol";

/** Acknowledge at least this often, so that the kernel's window never closes for good. */
export const ACK_BYTES = 64 * 1024;
/** Acknowledge what is left when no output came for so long. */
export const ACK_IDLE_MS = 250;
/** After a gap, ask at most this often. */
export const HELLO_PAUSE_MS = 1000;

/** Where the stream's bytes go; `done` is called when they are parsed. */
export interface Sink {
  write(bytes: Uint8Array, done: () => void): void;
  restore(bytes: Uint8Array, size: { cols: number; rows: number } | null, done: () => void): void;
}

/** What a view says about the stream; who it is, is added elsewhere. */
export type StreamWord =
  | { kind: "hello"; seq: number; typed: number }
  | { kind: "ack"; seq: number }
  | { kind: "bye" };

export class ConsoleStream {
  /** The next byte wanted; -1 until the first restore. */
  private next = -1;
  private parsed = -1;
  private acknowledged = -1;
  private helloAt = Number.NEGATIVE_INFINITY;
  private idle: ReturnType<typeof setTimeout> | undefined;
  private later: ReturnType<typeof setTimeout> | undefined;
  private isDropped = false;

  /** `typed` is the first typed byte that the kernel may not have. */
  constructor(
    private readonly sink: Sink,
    private readonly send: (word: StreamWord) => void,
    private readonly typed: () => number = () => 0,
  ) {}

  /** True once the kernel has told what the screen looks like. */
  get isRestored(): boolean {
    return this.next >= 0;
  }

  hello(): void {
    clearTimeout(this.later);
    this.later = undefined;
    this.helloAt = Date.now();
    this.isDropped = false;
    this.send({ kind: "hello", seq: this.next, typed: this.typed() });
  }

  /** The kernel sends no more; say hello when everything that came is drawn. */
  dropped(): void {
    this.isDropped = true;
    if (this.parsed === this.next) this.hello();
  }

  close(): void {
    clearTimeout(this.idle);
    clearTimeout(this.later);
    this.send({ kind: "bye" });
  }

  restore(message: ToPage & { kind: "restore" }, bytes: Uint8Array): void {
    const { seq, cols, rows } = message;
    this.next = seq;
    this.sink.restore(bytes, { cols, rows }, () => {
      this.parsed = seq;
      this.acknowledge();
    });
  }

  output(seq: number, bytes: Uint8Array): void {
    const end = seq + bytes.length;
    if (this.next < 0 || seq > this.next) return this.helloAfterGap();
    if (end <= this.next) return;
    const fresh = bytes.subarray(this.next - seq);
    this.next = end;
    this.sink.write(fresh, () => this.onParsed(end));
  }

  private helloAfterGap(): void {
    const pause_ms = this.helloAt + HELLO_PAUSE_MS - Date.now();
    if (pause_ms <= 0) this.hello();
    else this.later ??= setTimeout(() => this.hello(), pause_ms);
  }

  private onParsed(position: number): void {
    this.parsed = position;
    if (this.isDropped && position === this.next) return this.hello();
    if (this.parsed - this.acknowledged >= ACK_BYTES) return this.acknowledge();
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.acknowledge(), ACK_IDLE_MS);
  }

  private acknowledge(): void {
    clearTimeout(this.idle);
    this.acknowledged = this.parsed;
    this.send({ kind: "ack", seq: this.parsed });
  }
}
