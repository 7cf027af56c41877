/** A WebSocket to the kernel, which notices when there is nobody at its other end. */
import { pack, unpack } from "./frame";
import type { Door, ToKernel, ToPage } from "./protocol";

/** A socket that does not open for so long, or where nobody answers, is of no use. */
export const OPEN_MS = 3000;
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
    url: string,
    { token, widget }: Door,
    private readonly events: SocketEvents,
  ) {
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.socket.send(pack({ kind: "enter", token, widget }, []));
    this.socket.onmessage = ({ data }) => this.receive(...unpack<ToPage>(data as ArrayBuffer));
    this.socket.onclose = () => this.break();
    this.timer = setTimeout(() => this.break(), OPEN_MS);
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
