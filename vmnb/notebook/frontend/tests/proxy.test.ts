import { afterEach, describe, expect, it } from "vitest";
import { proxyUrl } from "../src/kernel/proxy";

const EXTENSION = "@jupyterhub/jupyter-server-proxy";

function configure(config: unknown): void {
  const script = document.createElement("script");
  script.id = "jupyter-config-data";
  script.type = "application/json";
  script.textContent = typeof config === "string" ? config : JSON.stringify(config);
  document.head.replaceChildren(script);
}

describe("the proxy's URL", () => {
  const installed = { federated_extensions: [{ name: EXTENSION }] };
  afterEach(() => document.head.replaceChildren());

  it.each([
    ["/", "proxy/"],
    ["/user/someone/", "user/someone/proxy/"],
    ["https://hub.example/user/a%20b/", null],
  ])("is below the server's base URL %s", (baseUrl, path) => {
    configure({ ...installed, baseUrl });
    const whole = path === null ? "wss://hub.example/user/a%20b/proxy/" : `ws://${location.host}/${path}`;
    expect(proxyUrl()).toBe(whole);
  });

  it.each([
    ["on a page that is no Jupyter's", ""],
    ["where the page's facts are unreadable", "{"],
    ["where the proxy is not installed", { baseUrl: "/", federated_extensions: [] }],
    ["where it is disabled", { ...installed, disabledExtensions: [EXTENSION] }],
    ["where it is disabled, said the other way", { ...installed, disabledExtensions: { [EXTENSION]: true } }],
  ])("is not there %s", (_where, config) => {
    if (config !== "") configure(config);
    expect(proxyUrl()).toBeNull();
  });

  it("is there where it is not the one that is disabled", () => {
    configure({ ...installed, disabledExtensions: { [EXTENSION]: false, other: true } });
    expect(proxyUrl()).not.toBeNull();
  });
});
