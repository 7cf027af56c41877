/** What the machine uses of its host, drawn while somebody looks. */
import { Chart, type Series } from "../parts/chart";
import { h, setText } from "../parts/dom";
import { randomId } from "../parts/ids";
import { Interest } from "../kernel/interest";
import type { Panel } from "./panel";
import { type Card, type MetricPoint, type Model, type ToPage, post } from "../kernel/protocol";
import { binaryTop, roundTop } from "../parts/scale";
import { byteRate, memory, percent } from "../parts/words";

/** Ten minutes at one each second: what the kernel remembers, too. */
const KEPT = 600;
const LEAST_SPAN_MS = 60_000;
const MOST_SPAN_MS = 600_000;
const MEASURABLE = ["running", "suspended"];

interface Subject {
  chart: Chart;
  series: (points: MetricPoint[]) => Series[];
}

export class MetricsTab implements Panel {
  readonly title = "Metrics";
  readonly element: HTMLElement;
  private readonly view = randomId();
  private readonly subjects = subjects();
  private readonly charts: HTMLElement;
  private readonly status = h("p", { class: "vmnb-nothing" }, "Waiting for the first figures.");
  private readonly notes = h("ul", { class: "vmnb-notes" });
  private readonly interest: Interest;
  private points: MetricPoint[] = [];
  private next = 0;
  private state = "";

  constructor(private readonly model: Model) {
    this.charts = h("div", { class: "vmnb-charts", hidden: true }, ...this.subjects.map(({ chart }) => chart.element));
    this.element = h("div", { class: "vmnb-scroll", tabindex: 0 }, this.status, this.charts, this.notes);
    this.interest = new Interest(this.element, {
      watch: () => this.watch(),
      leave: () => post(model, { kind: "metrics_leave", view: this.view }),
    });
  }

  update(card: Card): void {
    const began = card.state !== this.state && MEASURABLE.includes(card.state);
    this.state = card.state;
    if (began) this.interest.renew();
  }

  show(isShown: boolean): void {
    this.interest.show(isShown);
  }

  receive(message: ToPage): void {
    if (message.kind === "relinked") this.interest.renew();
    if (message.kind === "metrics_refused" && message.view === this.view) this.say(message.reason);
    if (message.kind !== "metrics" || (message.view ?? this.view) !== this.view) return;
    if (message.first > this.next && message.view === undefined) this.watch(); // something was missed
    else this.take(message);
  }

  dispose(): void {
    this.interest.dispose();
  }

  private watch(): void {
    post(this.model, { kind: "metrics_watch", view: this.view, since: this.next });
  }

  private take({ first, points, notes }: ToPage & { kind: "metrics" }): void {
    // A kernel that was restarted counts anew.
    const isAnew = first + points.length < this.next;
    const fresh = isAnew ? points : points.slice(Math.max(0, this.next - first));
    this.points = [...(isAnew ? [] : this.points), ...fresh].slice(-KEPT);
    this.next = first + points.length;
    this.notes.replaceChildren(...notes.map((note) => h("li", {}, note)));
    this.draw();
  }

  private draw(): void {
    const last = this.points.at(-1);
    const first = this.points[0];
    if (first === undefined || last === undefined) return;
    this.say("");
    const to_ms = last.time_ms;
    const span_ms = Math.min(MOST_SPAN_MS, Math.max(LEAST_SPAN_MS, to_ms - first.time_ms));
    const span = { from_ms: to_ms - span_ms, to_ms };
    const times_ms = this.points.map(({ time_ms }) => time_ms);
    for (const { chart, series } of this.subjects) chart.draw({ times_ms, span, series: series(this.points) });
  }

  /** Show a sentence, above the charts if there are any. */
  private say(text: string): void {
    setText(this.status, text);
    this.status.hidden = text === "";
    this.charts.hidden = this.points.length === 0;
  }
}

function subjects(): Subject[] {
  return [
    {
      chart: new Chart("CPU (% of a core)", percent, (value) => roundTop(value, 10)),
      series: (points) => [
        { name: "all", values: points.map((point) => point.cpu_percent) },
        { name: "virtual CPUs", values: points.map(({ vcpu_percent }) => total(vcpu_percent)) },
      ],
    },
    {
      chart: new Chart("Memory", (mib) => memory(Math.round(mib)), (value) => binaryTop(value, 1)),
      series: (points) => [
        { name: "on the host", values: points.map((point) => point.memory_mib) },
        { name: "in the guest", values: points.map((point) => point.guest_memory_mib) },
      ],
    },
    {
      chart: new Chart("Disk", byteRate, bytesTop),
      series: (points) => [
        { name: "read", values: points.map((point) => point.disk_read_bytes_per_s) },
        { name: "written", values: points.map((point) => point.disk_written_bytes_per_s) },
      ],
    },
    {
      chart: new Chart("Network", byteRate, bytesTop),
      series: (points) => [
        { name: "received", values: points.map((point) => point.network_received_bytes_per_s) },
        { name: "sent", values: points.map((point) => point.network_sent_bytes_per_s) },
      ],
    },
  ];
}

function bytesTop(value: number): number {
  return binaryTop(value, 1024);
}

function total(values: number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}
