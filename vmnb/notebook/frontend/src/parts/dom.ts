/** Elements without HTML: whatever a guest or a user wrote stays text. */
const SVG = "http://www.w3.org/2000/svg";

export type Child = Node | string | null;
export type Attributes = Record<string, string | number | boolean | null>;

/** An element with attributes (`false` and `null` leave one out) and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The same for SVG. */
export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Set the text if it is another: an unchanged live region stays silent. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Whether the focus is in an element, be it in a document or in a shadow root. */
export function hasFocus(element: Element): boolean {
  const root = element.getRootNode() as Partial<DocumentOrShadowRoot>;
  return element.contains(root.activeElement ?? null);
}

let lastId = 0;

/** An id that no other element of this page has. */
export function uniqueId(prefix: string): string {
  lastId += 1;
  return `vmnb-${prefix}-${Date.now().toString(36)}-${lastId}`;
}
