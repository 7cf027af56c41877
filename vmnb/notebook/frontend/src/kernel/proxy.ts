/** Whether the page's Jupyter server passes WebSockets on to ports of its machine, and where. */

const EXTENSION = "@jupyterhub/jupyter-server-proxy";

interface JupyterConfig {
  baseUrl?: string;
  federated_extensions?: { name: string }[];
  disabledExtensions?: string[] | Record<string, boolean>;
}

/**
 * The URL that a port is appended to; null where there is no jupyter-server-proxy as far as the page
 * knows. To ask the server would leave an error in the browser's log where it is not there.
 */
export function proxyUrl(): string | null {
  const config = jupyterConfig();
  const installed = config.federated_extensions?.some(({ name }) => name === EXTENSION);
  if (!installed || isDisabled(config)) return null;
  const url = new URL("proxy/", new URL(config.baseUrl ?? "/", location.href));
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

function jupyterConfig(): JupyterConfig {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "") as JupyterConfig;
  } catch {
    return {};
  }
}

function isDisabled({ disabledExtensions: disabled = [] }: JupyterConfig): boolean {
  const names = Array.isArray(disabled) ? disabled : Object.keys(disabled).filter((name) => disabled[name]);
  return names.includes(EXTENSION);
}
