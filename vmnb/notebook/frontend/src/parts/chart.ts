/** A small chart over time; its lines differ in more than colour, and are told in words too. */
import { h, s, setAttributes, setText } from "./dom";
import { type Box, type Span, linePath, timeMarks } from "./scale";
import { wholeDuration } from "./words";

export interface Series {
  name: string;
  values: (number | null)[];
}

export interface ChartData {
  times_ms: number[];
  span: Span;
  series: Series[];
}

const HEIGHT = 112;
const LEFT = 62;
const DEFAULT_WIDTH = 340;
const TIME_MARKS = 4;

export class Chart {
  readonly element: HTMLElement;
  private readonly words = h("figcaption");
  private readonly svg = s("svg", { class: "vmnb-chart", role: "img" });

  /** `text` puts a value in words with its unit; `topOf` gives what the axis ends at for a value. */
  constructor(
    private readonly title: string,
    private readonly text: (value: number) => string,
    private readonly topOf: (value: number) => number,
  ) {
    this.element = h("figure", { class: "vmnb-figure" }, this.words, this.svg);
  }

  draw(data: ChartData): void {
    const width = Math.max(this.element.clientWidth, 0) || DEFAULT_WIDTH;
    const box = { left: LEFT, right: width - 8, top: 8, bottom: HEIGHT - 18 };
    const known = data.series.flatMap(({ values }) => values.filter((value) => value !== null));
    const top = this.topOf(Math.max(0, ...known));
    setAttributes(this.svg, { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-label": this.summary(data) });
    this.svg.replaceChildren(...this.grid(box, top), ...timeAxis(data.span, box), ...lines(data, top, box));
    this.tell(data.series);
  }

  /** "CPU over the last 1 min: all now 12 %, from 3 % to 88 %; …" */
  private summary({ span, series }: ChartData): string {
    const parts = series.map(({ name, values }) => {
      const known = values.filter((value) => value !== null);
      const last = known.at(-1);
      if (last === undefined) return `${name} not known`;
      const [least, most] = [Math.min(...known), Math.max(...known)].map(this.text);
      return `${name} now ${this.text(last)}, from ${least} to ${most}`;
    });
    return `${this.title} over the last ${wholeDuration((span.to_ms - span.from_ms) / 1000)}: ${parts.join("; ")}`;
  }

  private grid({ left, right, top: y0, bottom }: Box, top: number): SVGElement[] {
    return [0, 0.5, 1].flatMap((share) => {
      const y = bottom - share * (bottom - y0);
      return [
        s("line", { class: "vmnb-grid", x1: left, x2: right, y1: y, y2: y }),
        s("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, this.text(share * top)),
      ];
    });
  }

  /** The newest values, in the manner of a legend. The lines of text stay, and only they change. */
  private tell(series: Series[]): void {
    while (this.words.childElementCount <= series.length) this.words.append(this.entry(this.words.childElementCount));
    series.forEach(({ name, values }, number) => {
      const last = values.filter((value) => value !== null).at(-1) ?? null;
      const word = this.words.children[number + 1]?.lastElementChild;
      if (word) setText(word, `${name} ${last === null ? "not known" : this.text(last)}`);
    });
  }

  private entry(number: number): HTMLElement {
    if (number === 0) return h("strong", {}, this.title);
    const sample = s("line", { class: "vmnb-line", "data-line": number, x1: 0, x2: 18, y1: 5, y2: 5 });
    return h("span", {}, s("svg", { width: 18, height: 10, "aria-hidden": "true" }, sample), h("span"));
  }
}

function lines({ times_ms, span, series }: ChartData, top: number, box: Box): SVGElement[] {
  return series.map(({ values }, number) =>
    s("path", { class: "vmnb-line", "data-line": number + 1, d: linePath(times_ms, values, span, top, box) }),
  );
}

function timeAxis(span: Span, { left, right, bottom }: Box): SVGElement[] {
  const span_s = (span.to_ms - span.from_ms) / 1000;
  return timeMarks(span, TIME_MARKS).flatMap((ago_s) => {
    const x = right - (ago_s / span_s) * (right - left);
    const anchor = ago_s === 0 ? "end" : "middle";
    return [
      s("line", { class: "vmnb-tick", x1: x, x2: x, y1: bottom, y2: bottom + 4 }),
      s("text", { x, y: bottom + 15, "text-anchor": anchor }, ago_s === 0 ? "now" : `−${wholeDuration(ago_s)}`),
    ];
  });
}
