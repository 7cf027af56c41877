/** The screen as still pictures, one after the other, for as long as somebody looks. */
import { h } from "../parts/dom";
import { type Model, type ScreenToPage, bytesOf, post } from "../kernel/protocol";
import type { ScreenView, ScreenViewEvents } from "./view";

/** From one picture to the asking for the next. */
export const PAUSE_MS = 1000;
/** A kernel that says nothing for so long has not heard, or is busy. */
export const PATIENCE_MS = 10_000;

export class StillView implements ScreenView {
  private readonly image: HTMLImageElement;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: Model,
    private readonly frame: HTMLElement,
    label: string,
    private readonly view: string,
    private readonly events: ScreenViewEvents,
  ) {
    this.image = h("img", { class: "vmnb-screen-still", alt: label, hidden: true });
    this.image.addEventListener("load", () => this.onLoad());
    frame.append(this.image);
    this.ask();
  }

  receive(message: ScreenToPage, buffers: ArrayBufferView[]): void {
    if (message.view !== this.view) return;
    if (message.kind === "screen_still") {
      this.show(new Blob([bytesOf(buffers[0])], { type: "image/png" }));
      this.askAfter(PAUSE_MS);
    }
  }

  /** There is nothing to type into. */
  focus(): void {}

  close(): void {
    clearTimeout(this.timer);
    URL.revokeObjectURL(this.image.src);
    this.image.remove();
  }

  private ask(): void {
    post(this.model, { kind: "screen_still", view: this.view });
    this.askAfter(PATIENCE_MS);
  }

  private askAfter(pause_ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), pause_ms);
  }

  private show(picture: Blob): void {
    const before = this.image.src;
    this.image.src = URL.createObjectURL(picture);
    if (before) URL.revokeObjectURL(before);
  }

  private onLoad(): void {
    this.image.hidden = false;
    this.frame.style.aspectRatio = `${this.image.naturalWidth} / ${this.image.naturalHeight}`;
    this.events.onShown();
  }
}
