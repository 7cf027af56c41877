/** Round numbers for axes, and the path of a line. */

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Span {
  from_ms: number;
  to_ms: number;
}

const TIME_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
/** Longer between two values, and nobody looked: the line is broken. */
const GAP_MS = 8000;

/** The least of 1, 2, 5, 10, 20, 50, … that is neither below `value` nor `least`. */
export function roundTop(value: number, least: number): number {
  const wanted = Math.max(value, least);
  const unit = 10 ** Math.floor(Math.log10(wanted));
  return unit * ([1, 2, 5].find((step) => unit * step >= wanted * 0.999) ?? 10);
}

/** The least power of 2 that is neither below `value` nor `least`. */
export function binaryTop(value: number, least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(value, least)) - 1e-9);
}

/** Seconds before now, at which the time axis has its marks: 0 first, then at most `most` more. */
export function timeMarks({ from_ms, to_ms }: Span, most: number): number[] {
  const span_s = (to_ms - from_ms) / 1000;
  const step_s = TIME_STEPS_S.find((step) => span_s / step <= most) ?? span_s / most;
  return Array.from({ length: Math.floor(span_s / step_s + 1e-6) + 1 }, (_, number) => number * step_s);
}

/** What `d` of a path is for `values` over `times`; broken where nothing was known for long. */
export function linePath(times_ms: number[], values: (number | null)[], span: Span, top: number, box: Box): string {
  const steps: string[] = [];
  let before: number | null = null;
  times_ms.forEach((time_ms, index) => {
    const value = values[index] ?? null;
    if (value === null || time_ms < span.from_ms) return;
    const x = box.left + ((time_ms - span.from_ms) / (span.to_ms - span.from_ms)) * (box.right - box.left);
    const y = box.bottom - (value / top) * (box.bottom - box.top);
    const goesOn = before !== null && time_ms - before <= GAP_MS;
    steps.push(`${goesOn ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`);
    before = time_ms;
  });
  return steps.join(" ");
}
