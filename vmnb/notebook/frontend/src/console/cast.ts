/** A recording of a terminal, and the times at which its events are shown. */

/** Seconds, what it is (output, a size as "80x24", a mark), and its text. */
export type CastEvent = [number, "o" | "r" | "m", string];

export interface Cast {
  title: string;
  columns: number;
  rows: number;
  /** In the order of their times. */
  events: CastEvent[];
}

export interface Size {
  cols: number;
  rows: number;
}

/** What to do with the terminal, in order. */
export type Step = { size: Size } | { text: string };

/** A guest that says nothing for longer is not waited for. */
export const LONGEST_PAUSE_S = 2;

/** The same events without long pauses; the first one comes at once. */
export function withoutPauses(events: CastEvent[]): CastEvent[] {
  let now = 0;
  let before = events[0]?.[0] ?? 0;
  return events.map(([time, kind, text]) => {
    now += Math.min(time - before, LONGEST_PAUSE_S);
    before = time;
    return [now, kind, text];
  });
}

/** What the events do, output that follows on output in one piece. */
export function stepsOf(events: CastEvent[]): Step[] {
  const steps: Step[] = [];
  let text = "";
  for (const [, kind, data] of events) {
    if (kind === "o") text += data;
    if (kind !== "r") continue;
    if (text) steps.push({ text });
    text = "";
    steps.push({ size: sizeOf(data) });
  }
  if (text) steps.push({ text });
  return steps;
}

/** "0:05", "12:34" */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function sizeOf(data: string): Size {
  const [cols = 80, rows = 24] = data.split("x").map(Number);
  return { cols, rows };
}
