/** What noVNC takes for a WebSocket: RFB by messages of the widget, acknowledged as it is taken. */
import { type ScreenToKernel, type ScreenToPage, bytesOf } from "../kernel/protocol";

/** Acknowledge at least this often, so that the kernel's window never closes for good. */
export const ACK_BYTES = 64 * 1024;
/** Acknowledge what is left when nothing came for so long. */
export const ACK_IDLE_MS = 250;

type State = "connecting" | "open" | "closed";
type Listener<Event> = ((event: Event) => void) | null;

export class ScreenChannel {
  binaryType = "arraybuffer";
  readonly protocol = "";
  readyState: State = "connecting";
  onopen: Listener<object> = null;
  onmessage: Listener<{ data: ArrayBuffer }> = null;
  onclose: Listener<{ code: number; reason: string }> = null;
  onerror: Listener<object> = null;
  /** Why it is closed, where the kernel closed it. */
  reason = "";
  private taken = 0;
  private acknowledged = 0;
  private idle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly view: string,
    private readonly post: (message: ScreenToKernel, buffers?: ArrayBufferView[]) => void,
  ) {
    post({ kind: "screen_open", view });
  }

  /** The bytes are copied: noVNC writes the next ones into the same buffer. */
  send(data: Uint8Array): void {
    if (this.readyState === "open") this.post({ kind: "screen_data", view: this.view }, [data.slice()]);
  }

  close(): void {
    if (this.readyState === "closed") return;
    this.post({ kind: "screen_close", view: this.view });
    this.end("");
  }

  receive(message: ScreenToPage, buffers: ArrayBufferView[]): void {
    if (message.view !== this.view || this.readyState === "closed") return;
    if (message.kind === "screen_opened") {
      this.readyState = "open";
      this.onopen?.({});
    } else if (message.kind === "screen_data") {
      this.take(message.seq, bytesOf(buffers[0]));
    } else if (message.kind === "screen_closed") {
      this.end(message.reason);
    }
  }

  private take(seq: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (seq !== this.taken) {
      // RFB cannot go on after a gap; whoever shows the screen connects again.
      this.close();
      return;
    }
    this.taken += bytes.length;
    this.onmessage?.({ data: bytes.slice().buffer });
    clearTimeout(this.idle);
    if (this.taken - this.acknowledged >= ACK_BYTES) this.acknowledge();
    else this.idle = setTimeout(() => this.acknowledge(), ACK_IDLE_MS);
  }

  private acknowledge(): void {
    this.acknowledged = this.taken;
    this.post({ kind: "screen_ack", view: this.view, seq: this.taken });
  }

  private end(reason: string): void {
    clearTimeout(this.idle);
    this.readyState = "closed";
    this.reason = reason;
    this.onclose?.({ code: 1000, reason });
  }
}
