/**
 * How kernel and page prove to each other that they know the token, which itself is never sent; see
 * `vmnb/notebook/socket/proof.py`. The browser's own HMAC is there in secure contexts alone, and a page
 * of `http://some.host` is none.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const NONCE_BYTES = 32;

/** HMAC-SHA256, by the token, of who says so and of both nonces: the page's and the kernel's. */
export function prove(token: string, who: "kernel" | "page", nonces: Uint8Array[]): Uint8Array {
  return hmac(sha256, utf8ToBytes(token), concatBytes(utf8ToBytes(who), ...nonces));
}

/** What a page asks of one who says that it is the kernel; for one connection. */
export class Challenge {
  readonly nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));

  constructor(private readonly token: string) {}

  /** The page's own proof for one that has proved itself; null for any other. */
  answer([nonce, proof]: Uint8Array[]): Uint8Array | null {
    if (nonce?.length !== NONCE_BYTES || proof === undefined) return null;
    const nonces = [this.nonce, nonce];
    const expected = prove(this.token, "kernel", nonces);
    const isKernel = proof.length === expected.length && expected.every((byte, at) => byte === proof[at]);
    return isKernel ? prove(this.token, "page", nonces) : null;
  }
}
