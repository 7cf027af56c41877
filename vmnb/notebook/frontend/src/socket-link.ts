/** A WebSocket to the kernel, which notices when there is nobody at its other end. */
import { pack, unpack } from "./frame";
import type { Door, ToKernel, ToPage } from "./protocol";

/** A socket that does not open for so long, or where nobody answers, is of no use. */
export const OPEN_MS = 3000;
export const ANSWER_MS = 5000;

export interface SocketEvents {
  /** The first is `relinked`: the kernel has let us in. */
  onMessage(message: ToPage, buffers: ArrayBufferView[]): void;
  /** It broke, or could not be opened. */
  onBroken(wasOpen: boolean): void;
}

export class SocketLink {
  isOpen = false;
  private readonly socket: WebSocket;
  private isAsking = false;
  private timer: ReturnType<typeof setTimeout>;

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
    if (this.isAsking) return;
    this.isAsking = true;
    this.socket.send(pack({ kind: "ping" }, []));
    this.timer = setTimeout(() => this.break(), ANSWER_MS);
  }

  /** End it without a word, once all is sent. */
  close(): void {
    clearTimeout(this.timer);
    this.socket.onclose = this.socket.onmessage = null;
    this.socket.close();
  }

  private receive(message: ToPage, buffers: ArrayBufferView[]): void {
    if (message.kind === "relinked") {
      this.isOpen = true;
      clearTimeout(this.timer);
    } else if (message.kind === "pong") {
      this.isAsking = false;
      clearTimeout(this.timer);
      return;
    }
    this.events.onMessage(message, buffers);
  }

  private break(): void {
    this.close();
    this.events.onBroken(this.isOpen);
  }
}
