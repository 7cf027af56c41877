import { describe, expect, it } from "vitest";
import { webAddress } from "../src/console/links";

describe("an address", () => {
  it.each(["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://x/", "no address", ""])(
    "is none of the web: %s",
    (text) => expect(webAddress(text)).toBeNull(),
  );

  it("is shown as the browser understands it", () => {
    expect(webAddress("https://bank.example@evil.example/")?.host).toBe("evil.example");
    expect(webAddress("https://аррle.com/x")?.href).toBe("https://xn--le-6kc8da.com/x");
    expect(webAddress("HTTP://A.example")?.href).toBe("http://a.example/");
  });
});
