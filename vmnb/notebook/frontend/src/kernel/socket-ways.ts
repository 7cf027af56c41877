/** The ways from a page to a port of the kernel's machine. */
import { proxyUrl } from "./proxy";

/** A socket that has not let us in after so long is of no use. */
export const DIRECT_MS = 1000;
export const PROXIED_MS = 3000;

export interface Way {
  url: string;
  enterMs: number;
}

/**
 * In the order in which to try; none where there is no proxy. A page from this very machine goes straight
 * to the port at first: behind a tunnel or in front of a container it meets nobody there, or a stranger.
 */
export function waysTo(port: number): Way[] {
  const proxy = proxyUrl();
  if (proxy === null) return [];
  const proxied = { url: `${proxy}${port}/`, enterMs: PROXIED_MS };
  return isFromHere() ? [{ url: directUrl(port), enterMs: DIRECT_MS }, proxied] : [proxied];
}

function isFromHere(): boolean {
  return location.protocol === "http:" && ["127.0.0.1", "localhost"].includes(location.hostname);
}

/**
 * It is 127.0.0.1, as IPv6 writes it: cookies know no ports, and by its usual name the stranger would get
 * those of the Jupyter server.
 */
function directUrl(port: number): string {
  return `ws://[::ffff:127.0.0.1]:${port}/`;
}
