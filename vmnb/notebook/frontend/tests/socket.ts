/** WebSockets as far as the links use them: a test plays the kernel at their other end, or a stranger. */
import { createHmac, randomBytes } from "node:crypto";
import { pack, unpack } from "../src/kernel/frame";
import type { ToKernel, ToPage } from "../src/kernel/protocol";

export class ScriptedSocket {
  static made: ScriptedSocket[] = [];
  readonly sent: ToKernel[] = [];
  /** Those of each message in `sent`. */
  readonly buffers: Uint8Array[][] = [];
  isClosed = false;
  binaryType = "";
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(readonly url: string) {
    ScriptedSocket.made.push(this);
  }

  send(frame: ArrayBuffer): void {
    const [message, buffers] = unpack<ToKernel>(frame);
    this.sent.push(message);
    this.buffers.push(buffers);
  }

  close(): void {
    this.isClosed = true;
  }

  /** Somebody accepts the connection. */
  accept(): void {
    this.onopen?.();
  }

  /** Who is there proves to know a token, and gets the page's proof if that is the right one; gives the frame. */
  prove(token: string): ArrayBuffer {
    const nonces = [this.buffers[0]![0]!, randomBytes(32)];
    const frame = pack({ kind: "proof" }, [nonces[1]!, proofOf(token, "kernel", nonces)]);
    this.receive(frame);
    const proof = this.buffers[1]?.[0];
    if (proof) expectSame(proof, proofOf(token, "page", nonces));
    return frame;
  }

  /** The kernel lets the page in. */
  open(token: string): void {
    this.accept();
    this.prove(token);
    this.say({ kind: "relinked" });
  }

  say(message: ToPage, ...buffers: Uint8Array[]): void {
    this.receive(pack(message, buffers));
  }

  receive(data: unknown): void {
    this.onmessage?.({ data });
  }

  break(): void {
    this.onclose?.();
  }
}

function proofOf(token: string, who: string, nonces: Uint8Array[]): Uint8Array {
  return createHmac("sha256", token).update(who).update(nonces[0]!).update(nonces[1]!).digest();
}

function expectSame(proof: Uint8Array, right: Uint8Array): void {
  if (Buffer.compare(proof, right) !== 0) throw new Error("the page's proof is wrong");
}
