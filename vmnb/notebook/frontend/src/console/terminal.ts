/** The terminal of one view: xterm, of the size the kernel says, fed by the stream, fenced by the guard. */
import { FitAddon } from "@xterm/addon-fit";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { Terminal } from "@xterm/xterm";
import { copySelection, takePaste } from "./clipboard";
import { type Guard, guard } from "./guard";
import { isForGuest } from "./keys";
import { LinkQuestion } from "./links";
import { preferences } from "./preferences";
import { SearchBar } from "./search";
import type { Size, Sized } from "./size";
import type { Sink } from "./stream";
import { themeFor } from "./theme";

/** What a serial line has until somebody says otherwise: it cannot tell the guest a size. */
const COLS = 80;
const ROWS = 24;
const SCROLLBACK_ROWS = 5000;
/** WCAG AA, whatever colours the guest combines. */
const CONTRAST = 4.5;
/**
 * Ends any half-read escape sequence, then resets the terminal: in band, so in order. xterm draws no
 * cursor before somebody was in the terminal, or a screen was chosen: so the normal one is.
 */
const RESET = "\x18\x1bc\x1b[?47l";

export interface TerminalEvents {
  /** A person typed, pasted or moved the mouse; or, with `reply`, the terminal answers the guest. */
  onInput(bytes: Uint8Array, reply: boolean): void;
  /** The key that leaves the terminal. */
  onLeave(): void;
  /** It has another size. */
  onSize(): void;
}

export class ConsoleTerminal implements Sink, Sized {
  readonly search: SearchBar;
  readonly link: LinkQuestion;
  private readonly terminal: Terminal;
  private readonly guard: Guard;
  private readonly fit = new FitAddon();
  private readonly unsubscribe: () => void;
  private plainFontSize = 13;

  constructor(
    private readonly frame: HTMLElement,
    private readonly events: TerminalEvents,
  ) {
    this.terminal = new Terminal({
      cols: COLS,
      rows: ROWS,
      scrollback: SCROLLBACK_ROWS,
      minimumContrastRatio: CONTRAST,
      // A blinking one is animated, and after a key browsers let all messages wait for the next frame.
      cursorBlink: false,
      logLevel: "off",
      allowProposedApi: true, // the search's marks, and the widths of characters
    });
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = "11"; // the kernel's screen counts the same
    this.terminal.loadAddon(this.fit);
    this.search = new SearchBar(this.terminal, () => this.focus());
    this.link = new LinkQuestion(this.terminal, () => this.focus());
    this.guard = guard(this.terminal, (answer) => events.onInput(encode(answer), true));
    this.terminal.onData((data) => {
      if (this.guard.lets(data)) events.onInput(encode(data), false);
    });
    this.terminal.onBinary((data) => events.onInput(latin1(data), false));
    this.terminal.attachCustomKeyEventHandler((event) => isForGuest(event, this));
    this.terminal.onResize(() => events.onSize());
    takePaste(frame, this.terminal);
    this.unsubscribe = preferences.subscribe(() => this.applyPreferences());
  }

  get size(): Size {
    return { cols: this.terminal.cols, rows: this.terminal.rows };
  }

  get fittingCols(): number | undefined {
    return this.frame.clientWidth > 0 ? this.fit.proposeDimensions()?.cols : undefined;
  }

  get rowHeight(): number {
    return (this.terminal.element?.querySelector(".xterm-screen")?.clientHeight ?? 0) / this.terminal.rows;
  }

  get isReadOnly(): boolean {
    return this.terminal.options.disableStdin === true;
  }

  /** Whether keys are not sent; the terminal still answers the guest. */
  set isReadOnly(isOn: boolean) {
    this.terminal.options.disableStdin = isOn;
    this.frame.classList.toggle("vmnb-read-only", isOn);
  }

  /** Put it on the page; the frame must have a width, or nothing can be measured. */
  open(label: string): void {
    const style = getComputedStyle(this.frame);
    this.terminal.options.fontFamily = style.fontFamily;
    this.plainFontSize = Number.parseFloat(style.fontSize) || this.plainFontSize;
    this.applyPreferences();
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

  leave(): void {
    this.events.onLeave();
  }

  find(): void {
    this.search.open();
  }

  copy(): void {
    copySelection(this.terminal);
  }

  zoom(step: number): void {
    preferences.change({ zoom: preferences.now.zoom + step });
  }

  hasSelection(): boolean {
    return this.terminal.hasSelection();
  }

  setInTabOrder(isIn: boolean): void {
    if (this.terminal.textarea) this.terminal.textarea.tabIndex = isIn ? 0 : -1;
  }

  write(bytes: Uint8Array, done: () => void): void {
    this.terminal.write(bytes, done);
  }

  restore(bytes: Uint8Array, size: Size | null, done: () => void): void {
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
    this.unsubscribe();
    this.guard.dispose();
    this.terminal.dispose();
  }

  private applyPreferences(): void {
    const { zoom, reader } = preferences.now;
    this.terminal.options.fontSize = this.plainFontSize + zoom;
    this.terminal.options.screenReaderMode = reader;
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** xterm's binary strings: one byte each character. */
function latin1(data: string): Uint8Array {
  return Uint8Array.from(data, (character) => character.charCodeAt(0));
}
