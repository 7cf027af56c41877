/** Numbers and states, as a person reads them. */
import type { Busy, Card, HistoryRow } from "../kernel/protocol";

/** The colour family of a state; the word is always beside it. */
export type Tone = "good" | "wait" | "calm" | "bad" | "work";

const TONES: Record<string, Tone> = {
  preparing: "work",
  prepared: "calm",
  running: "good",
  suspended: "wait",
  stopped: "calm",
  failed: "bad",
  destroyed: "calm",
};

/** A machine, as far as its badge needs it. */
export type Stated = Pick<Card, "state" | "busy">;

/** The badge of a machine: what is being done, or else the state. */
export function badgeOf({ state, busy }: Stated): { word: string; tone: Tone } {
  if (busy) return { word: busy.text, tone: "work" };
  return { word: state, tone: toneOf(state) };
}

/** "2 running", "1 suspended": how many of several are in each state, those of most first. */
export function countWords(several: Stated[]): string[] {
  const counts = new Map<string, number>();
  for (const stated of several) {
    const { word } = badgeOf(stated);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([word, count]) => `${count} ${word}`);
}

export function toneOf(state: string): Tone {
  return TONES[state] ?? "calm";
}

/** "booting, 2.1 s of about 5 s" */
export function busyText(busy: Busy, nowMs: number): string {
  const elapsed = elapsedSeconds(busy, nowMs);
  const soFar = `${busy.text}, ${elapsed.toFixed(1)} s`;
  if (!busy.expected_s) return soFar;
  const expected = seconds(busy.expected_s);
  return elapsed <= busy.expected_s ? `${soFar} of about ${expected}` : `${soFar}, usually about ${expected}`;
}

/** "up 3 min 2 s" */
export function uptimeText(since: string, nowMs: number): string {
  return `up ${wholeDuration((nowMs - Date.parse(since)) / 1000)}`;
}

/** How much of the expected time is over, 0 to 1; null where that says nothing. */
export function busyFraction(busy: Busy, nowMs: number): number | null {
  if (!busy.expected_s) return null;
  const fraction = elapsedSeconds(busy, nowMs) / busy.expected_s;
  return fraction <= 1 ? fraction : null;
}

// The two clocks may differ; a negative time would look silly.
function elapsedSeconds(busy: Busy, nowMs: number): number {
  return Math.max(0, (nowMs - busy.since_ms_epoch) / 1000);
}

/** A duration in seconds: "42 ms", "3.4 s", "25 s", "2 min 5 s", "3 h 7 min", "2 d 4 h". */
export function duration(value_s: number): string {
  if (value_s < 1) return `${Math.round(value_s * 1000)} ms`;
  if (value_s < 10) return `${value_s.toFixed(1)} s`;
  return wholeDuration(value_s);
}

/** The same in whole seconds, for what ticks. */
export function wholeDuration(value_s: number): string {
  const whole = Math.max(0, Math.floor(value_s));
  const units: [number, string][] = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

function seconds(value_s: number): string {
  return value_s < 3 ? `${value_s.toFixed(1)} s` : `${Math.round(value_s)} s`;
}

/** Mebibytes: "256 MiB", "1.5 GiB". */
export function memory(mib: number): string {
  if (mib < 1024) return `${mib} MiB`;
  return `${Number((mib / 1024).toFixed(1))} GiB`;
}

/** "qemu", "TCG", "1 vCPU", "256 MiB", the address: the line below the name. */
export function factWords(card: Card): string[] {
  const cpus = `${card.vcpus} vCPU${card.vcpus === 1 ? "" : "s"}`;
  return [card.backend, card.accelerator, cpus, memory(card.memory_mib), card.address, card.origin].filter((each) => !!each) as string[];
}

/** "prepared → running"; one word where nothing changed. */
export function changeText([, from, to]: HistoryRow): string {
  return from && from !== to ? `${from} → ${to}` : to;
}

/** The reader's own date and time of an ISO 8601 instant; what cannot be read stays as it is. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** "4 %"; of a processor core, so that it may be above 100. */
export function percent(value: number): string {
  return `${Math.round(value)} %`;
}

/** "512 B/s", "1.5 MiB/s" */
export function byteRate(bytes_per_s: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let [value, unit] = [bytes_per_s, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${Number(value.toFixed(unit === 0 || value >= 10 ? 0 : 1))} ${units[unit]}/s`;
}
