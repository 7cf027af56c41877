/** How the reader likes consoles: the same for all on the page, kept where the browser lets us. */

export interface Preferences {
  /** Steps of the font's size, in pixels, from what the front end has. */
  zoom: number;
  /** What is written is given to screen readers, too. */
  reader: boolean;
  /** Height, in rows. */
  rows: number;
}

const KEY = "vmnb.console";
const DEFAULTS: Preferences = { zoom: 0, reader: false, rows: 24 };
const BOUNDS = { zoom: [-6, 16], rows: [4, 100] } as const;

export class PreferenceStore {
  private values: Preferences;
  private readonly listeners = new Set<() => void>();

  /** `storage` may be refused, as in a sandboxed frame: then they hold as long as the page. */
  constructor(private readonly storage: () => Storage) {
    this.values = { ...DEFAULTS, ...this.stored() };
  }

  get now(): Readonly<Preferences> {
    return this.values;
  }

  change(changes: Partial<Preferences>): void {
    this.values = sane({ ...this.values, ...changes });
    try {
      this.storage().setItem(KEY, JSON.stringify(this.values));
    } catch {
      // Kept in memory alone.
    }
    for (const listener of [...this.listeners]) listener();
  }

  /** Call `listener` after each change; returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private stored(): Partial<Preferences> {
    try {
      return sane({ ...DEFAULTS, ...JSON.parse(this.storage().getItem(KEY) ?? "{}") });
    } catch {
      return {};
    }
  }
}

function sane({ zoom, reader, rows }: Preferences): Preferences {
  return { zoom: bounded(zoom, "zoom"), reader: reader === true, rows: bounded(rows, "rows") };
}

function bounded(value: number, name: keyof typeof BOUNDS): number {
  const [least, most] = BOUNDS[name];
  return Number.isFinite(value) ? Math.min(Math.max(Math.round(value), least), most) : DEFAULTS[name];
}

export const preferences = new PreferenceStore(() => localStorage);
