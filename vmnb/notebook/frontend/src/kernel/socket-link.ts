/** A WebSocket to the kernel, which notices when there is nobody at its other end. */
import { pack, unpack } from "./frame";
import { Challenge } from "./proof";
import type { Door, ToKernel, ToPage } from "./protocol";
import type { Way } from "./socket-ways";

/** A socket where nobody answers for so long is of no use. */
export const ANSWER_MS = 4000;
/** Ask for an answer so long after the first message: right behind a key it would hold up the echo. */
export const ASK_MS = 1000;

export interface SocketEvents {
  /** The first is `relinked`: the kernel has let us in. */
  onMessage(message: ToPage, buffers: ArrayBufferView[]): void;
  /** It broke, or could not be opened. */
  onBroken(wasOpen: boolean): void;
}

export class SocketLink {
  isOpen = false;
  private readonly socket: WebSocket;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    { url, enterMs }: Way,
    { token, widget }: Door,
    private readonly events: SocketEvents,
  ) {
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    const challenge = new Challenge(token);
    this.socket.onopen = () => this.socket.send(pack({ kind: "challenge" }, [challenge.nonce]));
    this.socket.onmessage = ({ data }) => this.enter(data, challenge, widget);
    this.socket.onclose = () => this.break();
    this.timer = setTimeout(() => this.break(), enterMs);
  }

  /** Send, and see to it that somebody is there. */
  send(message: ToKernel, buffers: ArrayBufferView[]): void {
    this.socket.send(pack(message, buffers));
    this.timer ??= setTimeout(() => this.ask(), ASK_MS);
  }

  /** End it without a word, once all is sent. */
  close(): void {
    clearTimeout(this.timer);
    this.socket.onclose = this.socket.onmessage = null;
    this.socket.close();
  }

  /** Nothing is believed, and nothing more is said, before the other end has proved that it is the kernel. */
  private enter(data: unknown, challenge: Challenge, widget: string): void {
    const proof = challenge.answer(buffersOf(data));
    if (proof === null) return this.break();
    this.socket.onmessage = ({ data }) => this.receive(...unpack<ToPage>(data as ArrayBuffer));
    this.socket.send(pack({ kind: "enter", widget }, [proof]));
  }

  private receive(message: ToPage, buffers: ArrayBufferView[]): void {
    if (message.kind === "relinked") this.isOpen = true;
    if (message.kind === "relinked" || message.kind === "pong") this.calm();
    if (message.kind !== "pong") this.events.onMessage(message, buffers);
  }

  private ask(): void {
    this.socket.send(pack({ kind: "ping" }, []));
    this.timer = setTimeout(() => this.break(), ANSWER_MS);
  }

  private calm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private break(): void {
    this.close();
    this.events.onBroken(this.isOpen);
  }
}

/** Those of a frame; none of what a stranger says instead. */
function buffersOf(data: unknown): Uint8Array[] {
  try {
    return unpack(data as ArrayBuffer)[1];
  } catch {
    return [];
  }
}
