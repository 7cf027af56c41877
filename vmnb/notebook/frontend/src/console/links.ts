/** Addresses on a console: they are found in the text, and opened only after a question. */
import { WebLinksAddon } from "@xterm/addon-web-links";
import type { Terminal } from "@xterm/xterm";
import { h, setText, uniqueId } from "../parts/dom";

export class LinkQuestion {
  /** Stands below the console while it is asked. */
  readonly element: HTMLElement;
  private readonly host = h("strong", {});
  private readonly address = h("p", { class: "vmnb-address", id: uniqueId("address") });
  private readonly ask = h("p", { id: uniqueId("ask") }, "Open a page of ", this.host, " that the guest has named?");
  // The link itself: it opens as its browser's user is used to, and leads nowhere else.
  private readonly open = h("a", { class: "vmnb-button", target: "_blank", rel: "noopener noreferrer" }, "Open");
  private readonly cancel = h("button", { type: "button", class: "vmnb-button" }, "Cancel");

  constructor(
    terminal: Terminal,
    private readonly onClose: () => void,
  ) {
    terminal.loadAddon(new WebLinksAddon((_event, text) => this.show(text)));
    this.element = h(
      "div",
      {
        class: "vmnb-question vmnb-link",
        role: "alertdialog",
        "aria-labelledby": this.ask.id,
        "aria-describedby": this.address.id,
        hidden: true,
      },
      h("div", {}, this.ask, this.address),
      h("div", { class: "vmnb-actions" }, this.cancel, this.open),
    );
    this.cancel.addEventListener("click", () => this.close());
    // Only afterwards: without its address the link would not open.
    this.open.addEventListener("click", () => setTimeout(() => this.close()));
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  private show(text: string): void {
    const url = webAddress(text);
    if (url === null) return;
    setText(this.host, url.host);
    setText(this.address, url.href);
    this.open.href = url.href;
    this.element.hidden = false;
    this.cancel.focus();
  }

  private close(): void {
    this.element.hidden = true;
    this.open.removeAttribute("href");
    this.onClose();
  }
}

/** The address as the browser understands it, which is what must be shown; null for no web page. */
export function webAddress(text: string): URL | null {
  try {
    const url = new URL(text);
    return ["http:", "https:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}
