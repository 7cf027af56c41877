/** Plays a recording of a console: a terminal to look at, and the controls below it. */
import { type Cast, type CastEvent, LONGEST_PAUSE_S, clock, stepsOf, withoutPauses } from "./cast";
import { h, setAttributes, setText } from "../parts/dom";
import { icon } from "../parts/icons";
import { ConsoleTerminal, type TerminalEvents } from "./terminal";
import { watchTheme } from "./theme";

const TICK_MS = 50;
const KEY_STEP_S = 1;
const SPEEDS = [0.5, 1, 2, 4, 8];
const encoder = new TextEncoder();

/** A replay is watched: nothing that is done to it goes anywhere. */
const NOBODY: TerminalEvents = { onInput: () => undefined, onLeave: () => undefined, onSize: () => undefined };

export class Player {
  readonly element: HTMLElement;
  private readonly frame: HTMLElement;
  private readonly button = h("button", { class: "vmnb-button vmnb-play", type: "button" });
  private readonly slider = h("input", { class: "vmnb-position", type: "range", min: 0, step: 0.1, "aria-label": "Position" });
  private readonly time = h("span", { class: "vmnb-time" });
  private readonly mark = h("span", { class: "vmnb-mark" });
  private readonly speed = h("select", { class: "vmnb-speed" });
  private readonly terminal: ConsoleTerminal;
  private readonly events: CastEvent[];
  private readonly length: number;
  /** Seconds, and how many events were before. */
  private position = 0;
  private shown = 0;
  /** The terminal draws all anew; it is looked at again when that is done. */
  private isDrawing = false;
  private ticker: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly cast: Cast) {
    this.events = withoutPauses(cast.events);
    this.length = this.events.at(-1)?.[0] ?? 0;
    this.frame = h("div", {
      class: "vmnb-terminal",
      role: "img",
      "aria-label": `Screen of the console of ${cast.title}; its text is below`,
    });
    this.element = h(
      "section",
      { class: "vmnb vmnb-replay", "aria-label": `Replay of the console of ${cast.title}` },
      h("div", { class: "vmnb-console" }, this.frame),
      this.controls(),
    );
    this.terminal = new ConsoleTerminal(this.frame, NOBODY);
    this.whenLaidOut(() => this.open());
    this.showPlaying();
  }

  /** Show it as it was at a time. */
  seek(seconds: number): void {
    this.position = Math.min(Math.max(seconds, 0), this.length);
    this.draw();
    this.showTime();
  }

  private controls(): HTMLElement {
    this.button.addEventListener("click", () => (this.ticker ? this.pause() : this.play()));
    this.slider.max = this.length.toFixed(1);
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => this.onKey(event));
    for (const speed of SPEEDS) {
      this.speed.append(h("option", { value: speed, selected: speed === 1 }, `${speed}×`));
    }
    const note = `Pauses are shortened to ${LONGEST_PAUSE_S} s.`;
    return h(
      "div",
      { class: "vmnb-controls" },
      this.button,
      this.slider,
      this.time,
      h("label", { title: note }, h("span", {}, "Speed"), this.speed),
      this.mark,
    );
  }

  private open(): void {
    this.terminal.open(`Console of ${this.cast.title}`);
    const input = this.frame.querySelector("textarea");
    if (input) input.disabled = true; // nobody hears what is typed, and Tab goes past
    watchTheme(() => this.terminal.applyTheme());
    this.seek(this.length);
  }

  private whenLaidOut(done: () => void): void {
    const observer = new ResizeObserver(() => {
      if (this.frame.clientWidth === 0) return;
      observer.disconnect();
      done();
    });
    observer.observe(this.frame);
  }

  private play(): void {
    if (this.position >= this.length) this.seek(0);
    let before = performance.now();
    this.ticker = setInterval(() => {
      const now = performance.now();
      this.seek(this.position + ((now - before) / 1000) * Number(this.speed.value));
      before = now;
      if (this.position >= this.length) this.pause();
    }, TICK_MS);
    this.showPlaying();
  }

  private pause(): void {
    clearInterval(this.ticker);
    this.ticker = undefined;
    this.showPlaying();
  }

  private onKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.seek(this.position + step * KEY_STEP_S);
  }

  /** Bring the terminal to the present position: on from where it is, or anew. */
  private draw(): void {
    if (this.isDrawing) return;
    const wanted = this.events.findLastIndex(([time]) => time <= this.position) + 1;
    if (wanted === this.shown) return;
    const isAnew = wanted < this.shown;
    const events = this.events.slice(isAnew ? 0 : this.shown, wanted);
    this.shown = wanted;
    this.isDrawing = true;
    if (isAnew) this.terminal.restore(new Uint8Array(), { cols: this.cast.columns, rows: this.cast.rows }, () => undefined);
    for (const step of stepsOf(events)) {
      if ("size" in step) this.terminal.resize(step.size);
      else this.terminal.write(encoder.encode(step.text), () => undefined);
    }
    this.terminal.write(new Uint8Array(), () => {
      this.isDrawing = false;
      this.draw();
    });
  }

  private showTime(): void {
    const text = `${clock(this.position)} of ${clock(this.length)}`;
    this.slider.value = this.position.toFixed(1);
    setAttributes(this.slider, { "aria-valuetext": text });
    setText(this.time, `${clock(this.position)} / ${clock(this.length)}`);
    const mark = this.events.findLast(([time, kind]) => kind === "m" && time <= this.position);
    setText(this.mark, mark?.[2] ?? "");
  }

  private showPlaying(): void {
    const word = this.ticker ? "Pause" : "Play";
    this.button.replaceChildren(icon(this.ticker ? "suspend" : "start"), h("span", {}, word));
  }
}
