/** Where a test's page is from, and what its server has. */
const PROXY = '{"baseUrl": "/hub/", "federated_extensions": [{"name": "@jupyterhub/jupyter-server-proxy"}]}';

/** Let the page be from there. */
export function openPageAt(url: string): void {
  (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM.setURL(url);
}

/** Let the page's server have jupyter-server-proxy. */
export function proxied(): void {
  document.head.innerHTML = `<script id="jupyter-config-data" type="application/json">${PROXY}</script>`;
}
