/** What is copied from a console, and what is pasted into it. */
import type { Terminal } from "@xterm/xterm";

const CONTROLS = /[^\P{Cc}\n\t]/gu;

/**
 * Pasted text as keys: Enter for a line's end, and no other control character, for what was copied
 * from a page may hold some that nobody saw. A guest that asked for it is told where it begins and ends.
 */
export function pasted(text: string, isBracketed: boolean): string {
  const keys = text.replace(/\r\n?/g, "\n").replace(CONTROLS, "").replaceAll("\n", "\r");
  return isBracketed ? `\x1b[200~${keys}\x1b[201~` : keys;
}

/** Take the browser's paste for ourselves, before xterm does. */
export function takePaste(frame: HTMLElement, terminal: Terminal): void {
  frame.addEventListener(
    "paste",
    (event) => {
      event.preventDefault();
      event.stopPropagation();
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (text !== "") terminal.input(pasted(text, terminal.modes.bracketedPasteMode));
    },
    true,
  );
}

/** Copy the selection, which goes away, so that the next Ctrl+C interrupts again. */
export function copySelection(terminal: Terminal): void {
  const text = terminal.getSelection();
  if (text === "") return;
  if (navigator.clipboard) void navigator.clipboard.writeText(text).catch(() => copyByEvent(text));
  else copyByEvent(text);
  terminal.clearSelection();
}

/** Where a page is served over plain HTTP there is no other way. */
function copyByEvent(text: string): void {
  const onCopy = (event: ClipboardEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData?.setData("text/plain", text);
  };
  document.addEventListener("copy", onCopy, { capture: true, once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", onCopy, true);
}
