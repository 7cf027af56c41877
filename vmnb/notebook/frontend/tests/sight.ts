/** A stand-in for the browser's IntersectionObserver, which happy-dom has not: a test says what is in sight. */
import { vi } from "vitest";

type Callback = (entries: { isIntersecting: boolean }[]) => void;

export class Sight {
  private static readonly observers = new Set<Sight>();

  /** Use it for all that is made from now on; returns what says whether everything is in sight. */
  static install(): (isInSight: boolean) => void {
    this.observers.clear();
    vi.stubGlobal("IntersectionObserver", Sight);
    return (isInSight) => this.observers.forEach((one) => one.callback([{ isIntersecting: isInSight }]));
  }

  static get watching(): number {
    return this.observers.size;
  }

  constructor(private readonly callback: Callback) {}

  observe(): void {
    Sight.observers.add(this);
  }

  disconnect(): void {
    Sight.observers.delete(this);
  }
}
