/**
 * The way that a widget's messages travel: the comm, and in its place a WebSocket where the page's
 * server offers one. A link is a model itself, so that nobody who speaks by it needs to know.
 *
 * A change of the way loses nothing and doubles nothing: while a socket opens, messages wait for it;
 * each is numbered, and after a break those not confirmed go out again by the comm, where the kernel
 * passes over what it has. Views say hello from where they are (`relinked`).
 */
import { type Door, type MessageCallback, type Model, type ToKernel, type ToPage, type Traits, post } from "./protocol";
import { proxyUrl } from "./proxy";
import { randomId } from "./random";
import { type Letter, SocketLink } from "./socket-link";

type ModelEvent = "msg:custom" | `change:${keyof Traits}`;

/** After a break, try again so much later. */
export const RETRY_MS = 5000;

/** Tokens of kernels whose socket could not be opened from this page. */
const unreachable = new Set<string>();

export class Link implements Model {
  private readonly id = randomId();
  private readonly listeners = new Set<MessageCallback>();
  private readonly proxy = proxyUrl();
  private count = 0;
  private socket: SocketLink | null = null;
  /** What waits for the socket to open; null while nothing has to wait. */
  private held: Letter[] | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly model: Model) {
    model.on("msg:custom", this.onComm);
    if (this.proxy !== null) post(model, { kind: "socket", origin: location.origin });
  }

  get<Name extends keyof Traits>(name: Name): Traits[Name] | undefined {
    return this.model.get(name);
  }

  on(event: ModelEvent, callback: MessageCallback | (() => void)): void {
    if (event === "msg:custom") this.listeners.add(callback);
    else this.model.on(event, callback as () => void);
  }

  off(event: ModelEvent, callback: MessageCallback | (() => void)): void {
    if (event === "msg:custom") this.listeners.delete(callback);
    else this.model.off(event, callback);
  }

  send(message: ToKernel, _callbacks?: unknown, buffers: ArrayBufferView[] = []): void {
    const letter = { message, buffers };
    if (this.held) this.held.push(letter);
    else if (this.socket) this.sendBySocket(this.socket, letter);
    else this.sendByComm(letter);
  }

  /** Let go of model and socket; what was sent still arrives. */
  close(): void {
    clearTimeout(this.retry);
    this.model.off("msg:custom", this.onComm);
    for (const letter of this.held ?? []) this.sendByComm(letter);
    this.held = null;
    this.socket?.close();
  }

  private readonly onComm: MessageCallback = (message, buffers) => {
    if (message.kind === "socket") this.enter(message);
    else this.deliver(message, buffers);
  };

  private deliver(message: ToPage, buffers: ArrayBufferView[]): void {
    for (const listener of [...this.listeners]) listener(message, buffers);
  }

  private enter(door: Door): void {
    if (this.proxy === null || this.socket || unreachable.has(door.token)) return;
    this.held = [];
    this.socket = new SocketLink(`${this.proxy}${door.port}/`, door, {
      onOpen: () => this.onOpen(),
      onMessage: (message, buffers) => this.deliver(message, buffers),
      onBroken: (unconfirmed) => this.onBroken(door, unconfirmed),
    });
  }

  private onOpen(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const { message, buffers } of held) this.send(message, undefined, buffers);
  }

  private onBroken(door: Door, unconfirmed: Letter[]): void {
    const wasOpen = this.held === null;
    const letters = [...unconfirmed, ...(this.held ?? [])];
    this.held = this.socket = null;
    for (const letter of letters) this.sendByComm(letter);
    if (wasOpen) {
      this.deliver({ kind: "relinked" }, []);
      this.retry = setTimeout(() => this.enter(door), RETRY_MS);
    } else {
      unreachable.add(door.token);
    }
  }

  private sendBySocket(socket: SocketLink, { message, buffers }: Letter): void {
    this.count += 1;
    socket.send({ message: { ...message, sent: [this.id, this.count] }, buffers });
  }

  private sendByComm({ message, buffers }: Letter): void {
    post(this.model, message, buffers);
  }
}
