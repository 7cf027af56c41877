/** A way to look at the guest's screen: as it changes, or a picture now and then. */
import type { ScreenToPage } from "../kernel/protocol";

export interface ScreenView {
  receive(message: ScreenToPage, buffers: ArrayBufferView[]): void;
  focus(): void;
  /** Take it from the page and let the kernel know. */
  close(): void;
}

export interface ScreenViewEvents {
  /** There is something to see. */
  onShown(): void;
  /** It is over without having been closed; `reason` is a sentence, or empty. */
  onEnd(reason: string): void;
}
