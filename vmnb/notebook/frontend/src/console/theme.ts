/** The terminal's colours, taken from the front end's own, and told when those change. */
import type { ITheme } from "@xterm/xterm";

const LIGHT: ITheme = {
  black: "#24292f",
  red: "#b3261e",
  green: "#1a7431",
  yellow: "#8a5a00",
  blue: "#0b57d0",
  magenta: "#8430ce",
  cyan: "#0b6e75",
  white: "#5f6368",
  brightBlack: "#57606a",
  brightRed: "#c5221f",
  brightGreen: "#137333",
  brightYellow: "#7a5200",
  brightBlue: "#1967d2",
  brightMagenta: "#9334e6",
  brightCyan: "#00707a",
  brightWhite: "#3c4043",
  selectionBackground: "#a8c7fa99",
};

const DARK: ITheme = {
  black: "#5f6672",
  red: "#ff8b82",
  green: "#7fd48f",
  yellow: "#f0c674",
  blue: "#8ab4f8",
  magenta: "#d7aefb",
  cyan: "#78d9e0",
  white: "#d5d9e0",
  brightBlack: "#8b93a1",
  brightRed: "#ffb4ab",
  brightGreen: "#a8e6b3",
  brightYellow: "#ffdf9e",
  brightBlue: "#aecbfa",
  brightMagenta: "#e9d2fd",
  brightCyan: "#a5edf2",
  brightWhite: "#ffffff",
  selectionBackground: "#5b8def66",
};

const NAMES = Object.keys(LIGHT).filter((name) => name !== "selectionBackground");

/** The theme for a terminal that stands in `frame`, from the frame's computed colours. */
export function themeFor(frame: Element): ITheme {
  const { backgroundColor: background, color: foreground } = getComputedStyle(frame);
  const palette = luminance(background) < 0.4 ? DARK : LIGHT;
  return {
    ...palette,
    ...ownColours(frame),
    background,
    foreground,
    cursor: foreground,
    cursorAccent: background,
  };
}

/** The 16 colours that the front end gives its own terminals, where it says so (VS Code does). */
function ownColours(frame: Element): ITheme {
  const style = getComputedStyle(frame);
  const named = NAMES.map((name) => {
    const variable = `--vscode-terminal-ansi${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return [name, style.getPropertyValue(variable).trim()] as const;
  });
  return Object.fromEntries(named.filter(([, colour]) => colour !== ""));
}

/** Call `changed` whenever the front end's theme may be another; returns what ends that. */
export function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true });
  }
  const preference = matchMedia("(prefers-color-scheme: dark)");
  preference.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    preference.removeEventListener("change", changed);
  };
}

/** 0 is black and 1 is white; computed colours are `rgb(…)` or `color(srgb …)`. */
export function luminance(colour: string): number {
  const numbers = (colour.match(/[\d.]+/g) ?? []).map(Number);
  const scale = colour.startsWith("color(") ? 1 : 255;
  const [red = scale, green = scale, blue = scale] = numbers.map((value) => value / scale);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
