// A stand-in for the kernel and the front end: a model that records what is sent and can be scripted.
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const ACTIONS = ["start", "stop", "suspend", "resume", "destroy"];
const ALLOWED = { prepared: ["start", "destroy"], running: ["stop", "suspend", "destroy"], suspended: ["stop", "resume", "destroy"] };

export function card(state = "running", changes = {}) {
  const allowed = ALLOWED[state] ?? [];
  const entry = (name) => [name, { enabled: allowed.includes(name), reason: allowed.includes(name) ? "" : `not while it is ${state}` }];
  return {
    name: "web", state, backend: "qemu", accelerator: "TCG", accelerator_note: "TCG: there is no /dev/kvm",
    vcpus: 1, memory_mib: 256, address: "10.0.2.15", image: "tiny", uptime_since: null,
    actions: Object.fromEntries(ACTIONS.map(entry)), busy: null, error: null, no_screen: "",
    facts: [["Image", "tiny"], ["Backend", "qemu"], ["Disk", "1 GiB"]],
    consoles: [0, 1].map(() => ({ read_only: false, sizes_itself: true })),
    ...changes,
  };
}

/** What becomes of a buffer on its way to the page: forms that front ends hand over, and one without bytes. */
const FORMS = {
  DataView: (bytes) => new DataView(bytes.buffer),
  Uint8Array: (bytes) => bytes,
  ArrayBuffer: (bytes) => bytes.slice().buffer,
  part: (bytes) => partOf(new Uint8Array(bytes.length + 2), bytes),
  json: (bytes) => JSON.parse(JSON.stringify(bytes.subarray(0, 9))),
};
const partOf = (whole, bytes) => (whole.set(bytes, 1), new DataView(whole.buffer, 1, bytes.length));
const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/**
 * `form` is what becomes of buffers on their way to the page, "lost" for none at all; `hears` whether
 * those of the page come to the kernel; `works` whether there is a kernel that takes a message.
 * With `follows` a console takes the size that a view wishes for, as the kernel lets it.
 */
class Model {
  constructor(traits, { screen = "", position = 0, answers = true, echo = false, follows = false, cols = 80, rows = 24, ...way } = {}) {
    this.views = new Map();
    this.follows = follows;
    this.size = { cols, rows };
    Object.assign(this, { form: "DataView", hears: true, works: true, binary: true }, way);
    this.traits = traits;
    this.listeners = new Map();
    this.sent = [];
    this.screen = screen;
    this.position = position;
    this.answers = answers;
    this.echo = echo;
  }
  get(name) { return this.traits[name]; }
  on(event, callback) { this.listeners.set(event, [...(this.listeners.get(event) ?? []), callback]); }
  off(event, callback) { this.listeners.set(event, (this.listeners.get(event) ?? []).filter((one) => one !== callback)); }
  emit(event, ...values) { for (const callback of this.listeners.get(event) ?? []) callback(...values); }
  set(name, value) { this.traits[name] = value; this.emit(`change:${name}`); }
  receive(content, ...buffers) {
    if (!this.binary && buffers.length > 0) this.emit("msg:custom", { ...content, base64: buffers.map(toBase64) }, []);
    else this.emit("msg:custom", content, this.form === "lost" ? undefined : buffers.map(FORMS[this.form]));
  }
  output(text) {
    const bytes = encoder.encode(text);
    this.receive({ kind: "output", seq: this.position, view: this.views.get(0) }, bytes);
    this.position += bytes.length;
  }
  send(content, _callbacks, buffers = []) {
    if (!this.works) throw new Error("there is no comm");
    const heard = content.base64?.map(fromBase64) ?? (this.hears ? buffers : []);
    const text = heard.map((buffer) => decoder.decode(buffer)).join("");
    this.binary &&= content.binary ?? true;
    this.sent.push({ ...content, text });
    if (this.answers) setTimeout(() => this.answer(content, text, heard));
  }
  async answer(content, text, heard = []) {
    if (content.kind === "bundle") {
      const names = { widget: ["widget.js", "widget.css"], screen: ["screen.js"] }[content.name];
      const files = await Promise.all(names.map((name) => fetch(`/static/${name}`)));
      const buffers = await Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())));
      const sizes = buffers.map(({ length }) => length);
      const isHeard = String(heard[0]) === "0,127,128,255";
      this.receive({ kind: "bundle", name: content.name, digest: await digests[content.name], sizes, heard: isHeard }, ...buffers);
    } else if (content.kind === "hello") {
      this.views.set(content.console, content.view);
      this.restore(content.console);
    } else if (content.kind === "size" && this.follows) {
      this.size = { cols: content.cols, rows: content.rows };
      this.restore(content.console);
    } else if (content.kind === "input") {
      if (this.echo && !content.reply) this.output(text.replaceAll("\r", "\r\n"));
      this.receive({ kind: "typed", view: content.view, seq: content.at + encoder.encode(text).length, again: false });
    }
  }
  /** Only the first console has said anything. */
  restore(console) {
    const [seq, screen] = console === 0 ? [this.position, this.screen] : [0, ""];
    this.receive({ kind: "restore", view: this.views.get(console), seq, ...this.size }, encoder.encode(screen));
  }
  of(kind) { return this.sent.filter((message) => message.kind === kind); }
}

const bootstrap = (await import("/static/bootstrap.js")).default;
const fleetBootstrap = (await import("/static/fleet-bootstrap.js")).default;
const digestIn = async (name) => (await (await fetch(`/static/${name}`)).text()).match(/[0-9a-f]{64}/)[0];
const digests = { widget: digestIn("bootstrap.js"), screen: digestIn("widget.js") };

/**
 * Show a widget for a model, perhaps in a shadow root of an element of that name; `window.model` and
 * `window.leave` are what the tests reach for.
 */
function show(traits, script = {}, shadow = "") {
  const el = document.createElement(shadow || "div");
  document.getElementById("main").append(el);
  const root = shadow ? el.attachShadow({ mode: "open" }).appendChild(document.createElement("div")) : el;
  window.model = new Model({ card: card(), history: [], snapshot: "", layout_kind: "card", console: 0, ...traits }, script);
  window.leave = bootstrap.render({ model: window.model, el: root });
}

/** A table of machines, of which a test gives what is not usual; the buttons that are enabled by name. */
export function fleet(rows, allowed = ["start", "suspend", "stop"], error = null) {
  const usual = { state: "running", busy: null, address: "10.0.2.15", ways_in: "", uptime_since: null, trouble: "" };
  const entry = (name) => [name, { enabled: allowed.includes(name), reason: allowed.includes(name) ? "" : `there is none to ${name}` }];
  return { rows: rows.map((row) => ({ ...usual, ...row })), actions: Object.fromEntries(ACTIONS.slice(0, 4).map(entry)), error };
}

/** Show the widget of a fleet; its model is `window.model`, too. */
function showFleet(traits, script = {}) {
  window.model = new Model({ layout_kind: "fleet", fleet: traits }, script);
  window.leave = fleetBootstrap.render({ model: window.model, el: document.getElementById("main") });
}

Object.assign(window, { card, fleet, show, showFleet, ready: true });
