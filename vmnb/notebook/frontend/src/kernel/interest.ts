/** Tells the kernel that somebody looks, again and again while it is so: who is gone says nothing. */

/** The kernel forgets who says nothing for three times as long. */
export const RENEW_MS = 10_000;

export interface InterestTold {
  watch(): void;
  leave(): void;
}

export class Interest {
  private isShown = false;
  private isInSight = false;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly sight: IntersectionObserver;
  private readonly look = () => this.update();
  private readonly end = () => this.stop();

  /** `element` is what is looked at. */
  constructor(
    element: Element,
    private readonly told: InterestTold,
  ) {
    this.sight = new IntersectionObserver((entries) => {
      this.isInSight = entries.at(-1)?.isIntersecting ?? false;
      this.update();
    });
    this.sight.observe(element);
    document.addEventListener("visibilitychange", this.look);
    addEventListener("pagehide", this.end);
  }

  /** The tab was chosen, or another one was. */
  show(isShown: boolean): void {
    this.isShown = isShown;
    this.update();
  }

  /** Say at once that somebody looks, if so: what is looked at may be there again. */
  renew(): void {
    if (this.timer !== undefined) this.told.watch();
  }

  dispose(): void {
    this.stop();
    this.sight.disconnect();
    document.removeEventListener("visibilitychange", this.look);
    removeEventListener("pagehide", this.end);
  }

  private update(): void {
    const looks = this.isShown && this.isInSight && document.visibilityState === "visible";
    if (!looks) this.stop();
    else if (this.timer === undefined) {
      this.timer = setInterval(() => this.told.watch(), RENEW_MS);
      this.told.watch();
    }
  }

  private stop(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.told.leave();
  }
}
