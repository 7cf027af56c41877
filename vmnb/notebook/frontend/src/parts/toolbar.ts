/** A row of small buttons after the ARIA pattern: one is in the Tab order, arrow keys move. */
import { h, setAttributes } from "./dom";
import { icon } from "./icons";

export interface Tool {
  label: string;
  /** A picture, or a word that is one. */
  face: Parameters<typeof icon>[0] | { text: string };
  /** The keys that do the same, as in "Ctrl+Shift+F". */
  keys?: string;
  act(): void;
  /** For a switch: whether it is on. */
  isOn?(): boolean;
}

export class Toolbar {
  readonly element: HTMLElement;
  private readonly buttons: HTMLButtonElement[];

  constructor(
    label: string,
    private readonly tools: Tool[],
  ) {
    this.buttons = tools.map((tool, index) => this.button(tool, index));
    this.element = h("div", { class: "vmnb-tools", role: "toolbar", "aria-label": label }, ...this.buttons);
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.update();
  }

  /** Show which switches are on. */
  update(): void {
    this.tools.forEach((tool, index) => {
      const button = this.buttons[index];
      if (button && tool.isOn) setAttributes(button, { "aria-pressed": String(tool.isOn()) });
    });
  }

  private button(tool: Tool, index: number): HTMLButtonElement {
    const face = typeof tool.face === "string" ? icon(tool.face) : h("span", { "data-face": tool.face.text });
    const title = tool.keys ? `${tool.label} (${tool.keys})` : tool.label;
    const button = h(
      "button",
      { type: "button", class: "vmnb-tool", tabindex: index === 0 ? 0 : -1, "aria-label": tool.label, title },
      face,
    );
    button.addEventListener("click", () => {
      tool.act();
      this.update();
    });
    return button;
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.buttons.length - 1;
    const now = this.buttons.findIndex((button) => button.tabIndex === 0);
    const targets: Record<string, number> = {
      ArrowRight: now === last ? 0 : now + 1,
      ArrowLeft: now === 0 ? last : now - 1,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.buttons.forEach((button, index) => (button.tabIndex = index === target ? 0 : -1));
    this.buttons[target]?.focus();
  }
}
