import { describe, expect, it } from "vitest";
import { Challenge, NONCE_BYTES, prove } from "../src/kernel/proof";

const TOKEN = "a token";
const bytes = (value: number, length = NONCE_BYTES) => new Uint8Array(length).fill(value);
const hex = (proof: Uint8Array) => Buffer.from(proof).toString("hex");

describe("a proof", () => {
  it("is what Python makes of it", () => {
    const nonces = [bytes(1), bytes(2)];
    expect(hex(prove(TOKEN, "kernel", nonces))).toBe("9f4e6f7e63f92f00262cde61eb3be10cb9dbc3c91879c93518e957334345b976");
    expect(hex(prove(TOKEN, "page", nonces))).toBe("6b95f88a923148471f4a10974b8333c3e34a5a9d4c436203ed2324f47b0a964c");
  });
});

describe("a challenge", () => {
  const challenge = new Challenge(TOKEN);
  const nonce = bytes(7);
  const right = prove(TOKEN, "kernel", [challenge.nonce, nonce]);

  it("is another each time", () => {
    expect(challenge.nonce).toHaveLength(NONCE_BYTES);
    expect(hex(challenge.nonce)).not.toBe(hex(new Challenge(TOKEN).nonce));
  });

  it("is met by one who knows the token, who gets the page's proof", () => {
    expect(challenge.answer([nonce, right])).toEqual(prove(TOKEN, "page", [challenge.nonce, nonce]));
  });

  it.each([
    ["nothing", []],
    ["no proof", [nonce]],
    ["an empty proof", [nonce, bytes(0, 0)]],
    ["a part of the proof", [nonce, right.slice(0, -1)]],
    ["more than the proof", [nonce, Uint8Array.of(...right, 0)]],
    ["another nonce", [bytes(8), right]],
    ["a short nonce", [bytes(7, NONCE_BYTES - 1), right]],
    ["the page's own proof", [nonce, prove(TOKEN, "page", [challenge.nonce, nonce])]],
    ["a proof by another token", [nonce, prove("other", "kernel", [challenge.nonce, nonce])]],
    ["a proof for another challenge", [nonce, prove(TOKEN, "kernel", [bytes(1), nonce])]],
  ])("is not met by %s", (_what, said) => {
    expect(challenge.answer(said)).toBeNull();
  });
});
