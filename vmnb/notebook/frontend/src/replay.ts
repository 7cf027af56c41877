/** The script of an exported page: where a console's recording is, it can be played. */
import type { Cast } from "./console/cast";
import { h } from "./parts/dom";
import { Player } from "./console/player";

for (const data of document.querySelectorAll("script.vmnb-cast")) {
  const text = data.parentElement?.querySelector("pre.vmnb-text");
  const player = new Player(JSON.parse(data.textContent ?? "") as Cast);
  if (text) {
    const details = h("details", { class: "vmnb-as-text" }, h("summary", {}, "Console as text"));
    text.replaceWith(player.element, details);
    details.append(text);
  } else data.replaceWith(player.element);
}
