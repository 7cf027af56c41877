/** Tabs after the ARIA pattern: arrow keys, Home and End move; one tab is in the Tab order. */
import { h, setAttributes, uniqueId } from "../parts/dom";
import type { Panel } from "./panel";

export class Tabs {
  readonly list: HTMLElement;
  readonly panels: HTMLElement;
  private readonly tabs: HTMLButtonElement[];
  private selected = -1;

  constructor(
    label: string,
    private readonly contents: Panel[],
  ) {
    this.tabs = contents.map(({ title }) =>
      h("button", { type: "button", role: "tab", class: "vmnb-tab", id: uniqueId("tab") }, title),
    );
    const panels = contents.map(({ element }, index) => this.panel(element, index));
    this.list = h("div", { class: "vmnb-tabs", role: "tablist", "aria-label": label }, ...this.tabs);
    this.panels = h("div", { class: "vmnb-panels" }, ...panels);
    this.tabs.forEach((tab, index) => {
      setAttributes(tab, { "aria-controls": panels[index]?.id ?? null });
      tab.addEventListener("click", () => this.select(index));
    });
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.select(0);
  }

  select(selected: number): void {
    if (selected === this.selected) return;
    this.contents[this.selected]?.show?.(false);
    this.selected = selected;
    this.tabs.forEach((tab, index) => {
      const isSelected = index === selected;
      setAttributes(tab, { "aria-selected": String(isSelected), tabindex: isSelected ? 0 : -1 });
      this.panels.children[index]?.classList.toggle("vmnb-hidden", !isSelected);
    });
    this.contents[selected]?.show?.(true);
  }

  private panel(content: HTMLElement, index: number): HTMLElement {
    const labelledby = this.tabs[index]?.id ?? null;
    return h(
      "div",
      { class: "vmnb-panel", role: "tabpanel", id: uniqueId("panel"), "aria-labelledby": labelledby },
      content,
    );
  }

  private onKey(event: KeyboardEvent): void {
    const now = this.selected;
    const last = this.tabs.length - 1;
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
    this.select(target);
    this.tabs[target]?.focus();
  }
}
