/** Whether somebody can see an element: it is on the screen, and its page is not hidden. */

/** Whoever scrolls past, or changes to another window and back, finds everything as it was. */
export const GRACE_MS = 5000;

export class LookedAt {
  isLookedAt = false;
  private isOnScreen = false;
  private leaving: ReturnType<typeof setTimeout> | undefined;
  private readonly observer = new IntersectionObserver((entries) => {
    this.isOnScreen = entries.at(-1)?.isIntersecting ?? false;
    this.look();
  });
  private readonly look = () => {
    clearTimeout(this.leaving);
    if (this.isOnScreen && !document.hidden) this.set(true);
    else this.leaving = setTimeout(() => this.set(false), GRACE_MS);
  };

  constructor(
    element: Element,
    private readonly onChange: () => void,
  ) {
    this.observer.observe(element);
    document.addEventListener("visibilitychange", this.look);
  }

  dispose(): void {
    clearTimeout(this.leaving);
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.look);
  }

  private set(isLookedAt: boolean): void {
    if (isLookedAt === this.isLookedAt) return;
    this.isLookedAt = isLookedAt;
    this.onChange();
  }
}
