/**
 * The way that a widget's messages travel: the comm, and in its place a WebSocket where the page's
 * server offers one. A link is a model itself, so that nobody who speaks by it needs to know.
 *
 * A change of the way loses nothing and doubles nothing: everybody is told (`relinked`) and says again
 * what was not answered, and the kernel knows what it has already.
 */
import { type Door, type MessageCallback, type Model, type ToKernel, type ToPage, type Traits, post } from "./protocol";
import { proxyUrl } from "./proxy";
import { SocketLink } from "./socket-link";
import { type Way, waysTo } from "./socket-ways";

type ModelEvent = "msg:custom" | `change:${keyof Traits}`;

/** After a break, try again so much later. */
export const RETRY_MS = 5000;

/** Ways by which a kernel, told by its token, could not be reached from this page. */
const unreachable = new Set<string>();

export class Link implements Model {
  private readonly listeners = new Set<MessageCallback>();
  private socket: SocketLink | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly model: Model) {
    model.on("msg:custom", this.onComm);
    if (proxyUrl() !== null) post(model, { kind: "socket", origin: location.origin });
  }

  /** The front end's own, which knows of the kernel. */
  get widget_manager(): unknown {
    return (this.model as { widget_manager?: unknown }).widget_manager;
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

  send(message: ToKernel, callbacks?: unknown, buffers: ArrayBufferView[] = []): void {
    if (this.socket?.isOpen) this.socket.send(message, buffers);
    else this.model.send(message, callbacks, buffers);
  }

  /** Let go of model and socket; what was sent still arrives. */
  close(): void {
    clearTimeout(this.retry);
    this.model.off("msg:custom", this.onComm);
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
    const way = waysTo(door.port).find((one) => !unreachable.has(nameOf(one, door)));
    if (this.socket || !way) return;
    this.socket = new SocketLink(way, door, {
      onMessage: (message, buffers) => this.deliver(message, buffers),
      onBroken: (wasOpen) => this.onBroken(door, way, wasOpen),
    });
  }

  private onBroken(door: Door, way: Way, wasOpen: boolean): void {
    this.socket = null;
    if (wasOpen) {
      this.deliver({ kind: "relinked" }, []);
      this.retry = setTimeout(() => this.enter(door), RETRY_MS);
    } else {
      unreachable.add(nameOf(way, door));
      this.enter(door);
    }
  }
}

function nameOf({ url }: Way, { token }: Door): string {
  return `${token} ${url}`;
}
