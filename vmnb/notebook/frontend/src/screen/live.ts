/** The screen as it changes, with keys and mouse: noVNC, which is loaded when it is first wanted. */
import { randomId } from "../parts/ids";
import { loadBundle } from "../page";
import { type Model, type ScreenToPage, post } from "../kernel/protocol";
import { ScreenChannel } from "./channel";
import type { ScreenView, ScreenViewEvents } from "./view";

declare const SCREEN_DIGEST: string;

/** What the bundle "screen" gives. */
export interface ScreenBundle {
  showScreen(
    frame: HTMLElement,
    channel: ScreenChannel,
    how: { label: string; onShown(): void; onEnd(): void },
  ): { focus(): void; close(): void };
}

export class LiveView implements ScreenView {
  private readonly leaving = new AbortController();
  private channel: ScreenChannel | undefined;
  private screen: ReturnType<ScreenBundle["showScreen"]> | undefined;

  constructor(
    private readonly model: Model,
    private readonly frame: HTMLElement,
    private readonly label: string,
    private readonly events: ScreenViewEvents,
  ) {
    loadBundle<ScreenBundle>(model, { name: "screen", digest: SCREEN_DIGEST }, this.leaving.signal)
      .then(({ bundle }) => this.open(bundle))
      .catch((error) => this.end(`The live screen could not be loaded: ${error}`));
  }

  receive(message: ScreenToPage, buffers: ArrayBufferView[]): void {
    this.channel?.receive(message, buffers);
  }

  focus(): void {
    this.screen?.focus();
  }

  close(): void {
    this.leaving.abort();
    this.screen?.close();
  }

  private open({ showScreen }: ScreenBundle): void {
    if (this.leaving.signal.aborted) return;
    const channel = new ScreenChannel(randomId(), (message, buffers) => post(this.model, message, buffers));
    this.channel = channel;
    const onEnd = () => this.end(channel.reason);
    this.screen = showScreen(this.frame, channel, { label: this.label, onShown: this.events.onShown, onEnd });
  }

  private end(reason: string): void {
    if (!this.leaving.signal.aborted) this.events.onEnd(reason);
  }
}
