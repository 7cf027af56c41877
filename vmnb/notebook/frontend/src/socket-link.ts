/** A WebSocket to the kernel: what was sent is kept until the kernel confirms that it came. */
import { pack, unpack } from "./frame";
import type { Door, ToKernel, ToPage } from "./protocol";

/** A socket that does not open, or confirms nothing, for so long is of no use. */
export const OPEN_MS = 3000;
export const CONFIRM_MS = 5000;

export interface Letter {
  message: ToKernel;
  buffers: ArrayBufferView[];
}

export interface SocketEvents {
  /** The kernel has let us in. */
  onOpen(): void;
  onMessage(message: ToPage, buffers: ArrayBufferView[]): void;
  /** It could not be opened, or broke; `unconfirmed` may have come to the kernel or not. */
  onBroken(unconfirmed: Letter[]): void;
}

export class SocketLink {
  private readonly socket: WebSocket;
  private unconfirmed: Letter[] = []; // their messages are numbered
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

  send(letter: Letter): void {
    if (this.unconfirmed.length === 0) this.watch();
    this.unconfirmed.push(letter);
    this.socket.send(pack(letter.message, letter.buffers));
  }

  /** End it without a word, once all is sent. */
  close(): void {
    clearTimeout(this.timer);
    this.socket.onclose = this.socket.onmessage = null;
    this.socket.close();
  }

  private receive(message: ToPage, buffers: ArrayBufferView[]): void {
    if (message.kind === "got") return this.confirm(message.number);
    if (message.kind === "relinked") {
      clearTimeout(this.timer);
      this.events.onOpen();
    }
    this.events.onMessage(message, buffers);
  }

  private confirm(last: number): void {
    clearTimeout(this.timer);
    this.unconfirmed = this.unconfirmed.filter(({ message }) => (message.sent?.[1] ?? 0) > last);
    if (this.unconfirmed.length > 0) this.watch();
  }

  private watch(): void {
    this.timer = setTimeout(() => this.break(), CONFIRM_MS);
  }

  private break(): void {
    this.close();
    this.events.onBroken(this.unconfirmed);
  }
}
