/** The bar that searches a console's screen and what has scrolled off it. */
import { type ISearchOptions, SearchAddon } from "@xterm/addon-search";
import type { Terminal } from "@xterm/xterm";
import { h, setText } from "../parts/dom";

/** More are found, but not counted. */
const COUNTED = 1000;
const MARKS: NonNullable<ISearchOptions["decorations"]> = {
  matchBackground: "#8a6d00",
  matchOverviewRuler: "#8a6d00",
  activeMatchBackground: "#b8500f",
  activeMatchColorOverviewRuler: "#b8500f",
};

export class SearchBar {
  readonly element: HTMLElement;
  private readonly addon = new SearchAddon({ highlightLimit: COUNTED });
  private readonly input = h("input", { type: "text", class: "vmnb-find-text", "aria-label": "Find on the console", placeholder: "Find", spellcheck: "false" });
  private readonly count = h("span", { class: "vmnb-find-count", role: "status" });

  /** `onClose` is called when the bar goes, to give the focus away. */
  constructor(
    terminal: Terminal,
    private readonly onClose: () => void,
  ) {
    terminal.loadAddon(this.addon);
    this.addon.onDidChangeResults(({ resultIndex, resultCount }) => {
      setText(this.count, this.input.value === "" ? "" : countOf(resultIndex, resultCount));
    });
    this.element = h(
      "div",
      { class: "vmnb-find", role: "search", hidden: true },
      this.input,
      this.count,
      this.button("Previous match", "↑", () => this.find(false)),
      this.button("Next match", "↓", () => this.find(true)),
      this.button("Close the search", "×", () => this.close()),
    );
    this.input.addEventListener("input", () => this.find(true, true));
    this.element.addEventListener("keydown", (event) => this.onKey(event));
  }

  open(): void {
    this.element.hidden = false;
    this.input.focus();
    this.input.select();
    if (this.input.value !== "") this.find(true, true);
  }

  close(): void {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.addon.clearDecorations();
    this.onClose();
  }

  private find(isNext: boolean, incremental = false): void {
    const text = this.input.value;
    if (text === "") {
      this.addon.clearDecorations();
      setText(this.count, "");
    } else if (isNext) this.addon.findNext(text, { incremental, decorations: MARKS });
    else this.addon.findPrevious(text, { decorations: MARKS });
  }

  private button(label: string, face: string, act: () => void): HTMLButtonElement {
    const button = h("button", { type: "button", class: "vmnb-tool", "aria-label": label, title: label }, face);
    button.addEventListener("click", act);
    return button;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.input) this.find(!event.shiftKey);
    else return;
    event.preventDefault();
  }
}

export function countOf(index: number, count: number): string {
  if (count === 0) return "no match";
  if (count >= COUNTED) return `more than ${COUNTED - 1}`;
  return index < 0 ? String(count) : `${index + 1} of ${count}`;
}
