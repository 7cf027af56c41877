/** How large a console would like to be: as wide as its frame, as high as the reader set it. */
import { h, setAttributes } from "../parts/dom";
import { preferences } from "./preferences";

/** A page that is being laid out changes often. */
const CALM_MS = 150;

export interface Size {
  cols: number;
  rows: number;
}

export interface Sized {
  /** The columns that fit the frame; undefined while nothing can be measured. */
  readonly fittingCols: number | undefined;
  readonly rowHeight: number;
}

/** The grip below a console, and the wish for a size that follows from it. */
export class SizeWish {
  readonly grip = h("div", {
    class: "vmnb-grip",
    role: "separator",
    tabindex: 0,
    "aria-orientation": "horizontal",
    "aria-label": "Height of the console in rows",
    "aria-valuemin": 4,
    "aria-valuemax": 100,
    title: "Drag, or press the arrow keys: the height of the console",
  });
  /** What was wished last. */
  size: Size | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isByHand = false;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly terminal: Sized,
    private readonly wish: (size: Size, isByHand: boolean) => void,
  ) {
    this.grip.addEventListener("keydown", (event) => this.onKey(event));
    this.grip.addEventListener("pointerdown", (event) => this.drag(event));
    this.unsubscribe = preferences.subscribe(() => this.consider());
    this.showRows();
  }

  /** Wish for what fits now, soon and once; `isByHand` where a person chose it in this view. */
  consider(isByHand = false): void {
    this.isByHand ||= isByHand;
    this.showRows();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(), CALM_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.unsubscribe();
  }

  private say(): void {
    const cols = this.terminal.fittingCols;
    const { rows } = preferences.now;
    if (cols === undefined) return;
    const isNew = this.size?.cols !== cols || this.size.rows !== rows;
    this.size = { cols, rows };
    if (isNew || this.isByHand) this.wish(this.size, this.isByHand);
    this.isByHand = false;
  }

  private setRows(rows: number): void {
    preferences.change({ rows });
    this.consider(true);
  }

  private showRows(): void {
    setAttributes(this.grip, { "aria-valuenow": preferences.now.rows });
  }

  private onKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, PageUp: -8, PageDown: 8 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.setRows(preferences.now.rows + step);
  }

  private drag(start: PointerEvent): void {
    const { rows } = preferences.now;
    const { rowHeight } = this.terminal;
    if (rowHeight === 0) return;
    const onMove = (event: PointerEvent) => {
      const wanted = rows + Math.round((event.clientY - start.clientY) / rowHeight);
      if (wanted !== preferences.now.rows) this.setRows(wanted);
    };
    const onEnd = () => {
      this.grip.removeEventListener("pointermove", onMove);
    };
    this.grip.setPointerCapture(start.pointerId);
    this.grip.addEventListener("pointermove", onMove);
    this.grip.addEventListener("lostpointercapture", onEnd, { once: true });
    start.preventDefault();
  }
}
