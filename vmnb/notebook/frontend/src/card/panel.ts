/** What the card knows of a tab; each tab is a panel in a file of its own. */
import type { Card, ToPage } from "../kernel/protocol";

export interface Panel {
  readonly title: string;
  readonly element: HTMLElement;
  /** The card's facts are others now; called once before anything is shown, too. */
  update?(card: Card): void;
  /** A message came from the kernel; those of other subjects are to be passed over. */
  receive?(message: ToPage, buffers: ArrayBufferView[]): void;
  /** The tab was chosen, or another one was. */
  show?(isShown: boolean): void;
  /** The card leaves the page. */
  dispose?(): void;
}
