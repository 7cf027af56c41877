/** The terminal of one view: xterm, of the size the kernel says, fed by the stream, fenced by the guard. */
import { Terminal } from "@xterm/xterm";
import { type Guard, guard } from "./guard";
import type { Sink } from "./stream";
import { themeFor } from "./theme";

/** What a serial line has until somebody says otherwise: it cannot tell the guest a size. */
const COLS = 80;
const ROWS = 24;
const SCROLLBACK_ROWS = 5000;
/** WCAG AA, whatever colours the guest combines. */
const CONTRAST = 4.5;
/** Ends any half-read escape sequence, then resets the terminal: in band, so in order. */
const RESET = "\x18\x1bc";

export interface TerminalEvents {
  /** A person typed, pasted or moved the mouse; or, with `reply`, the terminal answers the guest. */
  onInput(bytes: Uint8Array, reply: boolean): void;
  /** The key that leaves the terminal. */
  onLeave(): void;
}

export class ConsoleTerminal implements Sink {
  private readonly terminal: Terminal;
  private readonly guard: Guard;

  constructor(
    private readonly frame: HTMLElement,
    private readonly events: TerminalEvents,
  ) {
    this.terminal = new Terminal({
      cols: COLS,
      rows: ROWS,
      scrollback: SCROLLBACK_ROWS,
      minimumContrastRatio: CONTRAST,
      cursorBlink: true,
      logLevel: "off",
    });
    this.guard = guard(this.terminal, (answer) => events.onInput(encode(answer), true));
    this.terminal.onData((data) => {
      if (this.guard.lets(data)) events.onInput(encode(data), false);
    });
    this.terminal.onBinary((data) => events.onInput(latin1(data), false));
    this.terminal.attachCustomKeyEventHandler((event) => this.isForGuest(event));
  }

  /** Put it on the page; the frame must have a width, or nothing can be measured. */
  open(label: string): void {
    const style = getComputedStyle(this.frame);
    this.terminal.options.fontFamily = style.fontFamily;
    this.terminal.options.fontSize = Number.parseFloat(style.fontSize) || 13;
    this.terminal.open(this.frame);
    this.terminal.textarea?.setAttribute("aria-label", label);
    // Copying takes the selection away, so that the next Ctrl+C interrupts again.
    this.frame.addEventListener("copy", () => this.terminal.clearSelection());
    this.applyTheme();
  }

  applyTheme(): void {
    this.terminal.options.theme = themeFor(this.frame);
  }

  focus(): void {
    this.terminal.focus();
  }

  write(bytes: Uint8Array, done: () => void): void {
    this.terminal.write(bytes, done);
  }

  restore(bytes: Uint8Array, size: { cols: number; rows: number } | null, done: () => void): void {
    this.terminal.write(RESET, () => {
      this.guard.isReplaying = true;
      if (size) this.terminal.resize(size.cols, size.rows);
    });
    this.terminal.write(bytes, () => {
      this.guard.isReplaying = false;
      done();
    });
  }

  /** Take another size, after all that was written. */
  resize(size: { cols: number; rows: number }): void {
    this.terminal.write("", () => this.terminal.resize(size.cols, size.rows));
  }

  /** Show text that is not from the stream; the next restore takes it away. */
  preview(text: string): void {
    const printable = text.replace(/[^\P{Cc}\n\t]/gu, "");
    this.restore(encode(printable.replaceAll("\n", "\r\n")), null, () => undefined);
  }

  dispose(): void {
    this.guard.dispose();
    this.terminal.dispose();
  }

  /** False leaves the key to the browser: copying a selection, pasting; and the way out. */
  private isForGuest(event: KeyboardEvent): boolean {
    const control = event.ctrlKey && !event.altKey && !event.metaKey;
    if (control && event.shiftKey && event.key === "Enter") {
      event.preventDefault();
      if (event.type === "keydown") this.events.onLeave();
      return false;
    }
    if (control && !event.shiftKey && event.key === "c") return !this.terminal.hasSelection();
    return !(control && !event.shiftKey && event.key === "v");
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** xterm's binary strings: one byte each character. */
function latin1(data: string): Uint8Array {
  return Uint8Array.from(data, (character) => character.charCodeAt(0));
}
