/** The part of noVNC that is used here; the package has no types of its own. */
declare module "@novnc/novnc" {
  export default class RFB extends EventTarget {
    constructor(target: HTMLElement, channel: object, options?: { shared?: boolean });
    background: string;
    scaleViewport: boolean;
    showDotCursor: boolean;
    disconnect(): void;
    focus(options?: FocusOptions): void;
  }
}
