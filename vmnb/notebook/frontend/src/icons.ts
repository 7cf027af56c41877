/** Small pictures on buttons; each stands beside its word. */
const NAMESPACE = "http://www.w3.org/2000/svg";

const PATHS = {
  start: "M4.5 2.8v10.4a.6.6 0 0 0 .92.5l8-5.2a.6.6 0 0 0 0-1l-8-5.2a.6.6 0 0 0-.92.5z",
  stop: "M4.2 3.5h7.6c.4 0 .7.3.7.7v7.6c0 .4-.3.7-.7.7H4.2a.7.7 0 0 1-.7-.7V4.2c0-.4.3-.7.7-.7z",
  suspend: "M4.6 3h1.6c.3 0 .6.3.6.6v8.8c0 .3-.3.6-.6.6H4.6a.6.6 0 0 1-.6-.6V3.6c0-.3.3-.6.6-.6zm5.2 0h1.6c.3 0 .6.3.6.6v8.8c0 .3-.3.6-.6.6H9.8a.6.6 0 0 1-.6-.6V3.6c0-.3.3-.6.6-.6z",
  resume: "M3.4 3h1.4c.3 0 .5.2.5.5v9c0 .3-.2.5-.5.5H3.4a.5.5 0 0 1-.5-.5v-9c0-.3.2-.5.5-.5zm3.8.3v9.4c0 .5.5.7.9.5l6.4-4.7a.6.6 0 0 0 0-1L8.100 2.800a.6.6 0 0 0-.9.5z",
  find: "M6.800 2a4.800 4.800 0 1 0 2.900 8.600l3 3 1.100-1.100-3-3A4.800 4.800 0 0 0 6.800 2zm0 1.500a3.300 3.300 0 1 1 0 6.600 3.300 3.300 0 0 1 0-6.600z",
  lock: "M8 1.800a3.200 3.200 0 0 0-3.200 3.200v1.800h-.6c-.4 0-.7.3-.7.7v5.800c0 .4.3.7.7.7h7.600c.4 0 .7-.3.7-.7V7.500c0-.4-.3-.7-.7-.7h-.6V5A3.200 3.200 0 0 0 8 1.800zm0 1.400A1.800 1.800 0 0 1 9.800 5v1.800H6.200V5A1.800 1.800 0 0 1 8 3.200z",
  speech: "M2.200 6v4h2.300l3.300 2.800V3.200L4.500 6zm7.600-.600v5.200a3 3 0 0 0 0-5.200zm0-2.700v1.400a4.200 4.200 0 0 1 0 7.800v1.400a5.500 5.500 0 0 0 0-10.600z",
  destroy: "M6.500 1.500h3l.7.8H13v1.400H3V2.300h2.800zM3.900 4.900h8.200l-.6 8.700c0 .5-.4.9-.9.9H5.400a.9.9 0 0 1-.9-.9zm2.500 1.700v6h1v-6zm2.200 0v6h1v-6z",
} as const;

export function icon(name: keyof typeof PATHS): SVGSVGElement {
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(NAMESPACE, "path");
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}
