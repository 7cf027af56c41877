/** The states of the machine over time, as bars: each has a pattern and a word beside its colour. */
import { h } from "../parts/dom";
import type { States } from "../kernel/protocol";
import { duration, localTime, toneOf } from "../parts/words";

/** In percent of the whole; a word has no room in a narrower bar. */
const WORD_WIDTH = 10;

/** `nowMs` is where what goes on is drawn to. Null where there is nothing to draw. */
export function stateStrip(states: States | undefined, nowMs: number): HTMLElement | null {
  const [first, last] = [states?.segments[0], states?.segments.at(-1)];
  if (!states || !first || !last) return null;
  const from = first[1];
  const to = Math.max(last[2] ?? nowMs, last[1], from + 1);
  const share = (ms: number) => (100 * (Math.min(Math.max(ms, from), to) - from)) / (to - from);
  const spans = states.segments.map(([state, start, end]) => ({ state, start, end: end ?? to }));
  const bars = spans.map(({ state, start, end }) => bar(state, share(start), share(end) - share(start), end - start));
  const marks = states.marks.map(([action, ms]) => h("b", { style: `left: ${share(ms)}%`, title: action }, "▾"));
  const words = [...totals(spans)].map(([state, ms]) => `${state} ${duration(ms / 1000)}`).join(" · ");
  return h(
    "div",
    { class: "vmnb-states" },
    h("div", { class: "vmnb-bars", role: "img", "aria-label": `States over time: ${inOrder(spans)}` }, ...bars, ...marks),
    h("p", {}, h("span", {}, iso(from)), h("span", {}, words), h("span", {}, last[2] === null ? "now" : iso(to))),
  );
}

interface Span {
  state: string;
  start: number;
  end: number;
}

function bar(state: string, left: number, width: number, ms: number): HTMLElement {
  const style = `left: ${left.toFixed(3)}%; width: ${width.toFixed(3)}%`;
  const title = `${state}, ${duration(ms / 1000)}`;
  return h("i", { "data-state": state, "data-tone": toneOf(state), style, title }, width > WORD_WIDTH ? state : null);
}

function totals(spans: Span[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { state, start, end } of spans) sums.set(state, (sums.get(state) ?? 0) + end - start);
  return sums;
}

function inOrder(spans: Span[]): string {
  return spans.map(({ state, start, end }) => `${state} ${duration((end - start) / 1000)}`).join(", ");
}

function iso(ms: number): string {
  return localTime(new Date(ms).toISOString());
}
