/** WebSockets as far as the links use them: a test plays the kernel at their other end. */
import { pack, unpack } from "../src/frame";
import type { ToKernel, ToPage } from "../src/protocol";

export class ScriptedSocket {
  static made: ScriptedSocket[] = [];
  readonly sent: ToKernel[] = [];
  isClosed = false;
  binaryType = "";
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;

  constructor(readonly url: string) {
    ScriptedSocket.made.push(this);
  }

  send(frame: ArrayBuffer): void {
    this.sent.push(unpack<ToKernel>(frame)[0]);
  }

  close(): void {
    this.isClosed = true;
  }

  /** The kernel lets the page in. */
  open(): void {
    this.onopen?.();
    this.say({ kind: "relinked" });
  }

  say(message: ToPage, ...buffers: Uint8Array[]): void {
    this.onmessage?.({ data: pack(message, buffers) });
  }

  break(): void {
    this.onclose?.();
  }
}
