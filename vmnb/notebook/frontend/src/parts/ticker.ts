/** Draws again what changes by itself: each second while something is up, and more often while something is done. */

const BUSY_TICK_MS = 100;
const UPTIME_TICK_MS = 1000;

/** What goes on by itself in what was drawn. */
export interface Pace {
  isBusy: boolean;
  isUp: boolean;
}

export class Ticker {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly draw: (nowMs: number) => Pace) {}

  /** Draw now, and again for as long as something goes on. */
  tick(): void {
    clearTimeout(this.timer);
    const { isBusy, isUp } = this.draw(Date.now());
    if (isBusy || isUp) this.timer = setTimeout(() => this.tick(), isBusy ? BUSY_TICK_MS : UPTIME_TICK_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
