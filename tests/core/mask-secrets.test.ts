import fc from "fast-check";
import { maskSecrets } from "../../shared/core/mask-secrets";

const secret = 'whsec_ab+c/d==&<é"';
const masked = (text: string) => maskSecrets(Buffer.from(text), [secret]).toString("utf8");

describe("a secret in a body", () => {
  it.each([
    ["as it is", secret],
    ["in JSON", JSON.stringify(secret).slice(1, -1)],
    ["in JSON as .NET writes it", secret.replace("+", "\\u002B").replace('"', "\\u0022").replace("&", "\\u0026")],
    ["in JSON as PHP writes it", JSON.stringify(secret).slice(1, -1).replace("/", "\\/").replace("é", "\\u00e9")],
    ["in a form", new URLSearchParams([["", secret]]).toString().slice(1)],
    ["in a URL", encodeURIComponent(secret)],
    ["in JSON in a form", encodeURIComponent(JSON.stringify(secret).slice(1, -1))],
    ["in XML", secret.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("é", "&#xE9;")],
  ])("is masked %s", (_, written) => {
    expect(masked(`{"clientState":"${written}"}, and ${written} again`)).toBe(`{"clientState":"***"}, and *** again`);
  });

  it("is masked where JSON writes a line of it anew", () => {
    const lines = "line one\nline\ttwo\u{1F511}";
    for (const written of [JSON.stringify(lines), JSON.stringify(lines).replace("\u{1F511}", "\\uD83D\\uDD11")]) {
      expect(maskSecrets(Buffer.from(written), [lines]).toString("utf8")).toBe('"***"');
    }
  });

  it("is masked whole where another secret is a part of it, or follows at once", () => {
    const both = ["abcdefgh", "abcdefghIJKL"];
    expect(maskSecrets(Buffer.from("<abcdefghIJKL>"), both).toString("utf8")).toBe("<***>");
    expect(maskSecrets(Buffer.from("<abcdefghabcdefgh>"), both).toString("utf8")).toBe("<******>");
    expect(maskSecrets(Buffer.from("<aaaa>"), ["aaa"]).toString("utf8")).toBe("<***>");
  });

  it.each([
    ["backslashes", `${"\\".repeat(1000)}x`, "\\".repeat(1024 * 1024)],
    ["one letter", `${"a".repeat(1023)}b`, "a".repeat(1024 * 1024)],
    ["one letter backwards", `b${"a".repeat(1023)}`, "a".repeat(1024 * 1024)],
    ["zeros", "&&&&&&&&", `&#${"0".repeat(1024 * 1024)}`],
    ["escapes", "u".repeat(1000), "\\u0075".repeat(170_000)],
  ])(
    "is looked for in a megabyte of %s, whoever chose both",
    (_, chosen, body) => {
      expect(maskSecrets(Buffer.from(body), [chosen]).length).toBeGreaterThan(0);
    },
    2_000,
  );

  it("is found beside what no notation can write", () => {
    expect(masked(`&#9999999999;&unknown;%zz\\x${secret}`)).toBe("&#9999999999;&unknown;%zz\\x***");
  });

  it("leaves all else as it is, and what is no text too", () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
    expect(maskSecrets(bytes, [secret, ""])).toEqual(bytes);
    expect(maskSecrets(Buffer.concat([bytes, Buffer.from(secret), bytes]), [secret])).toEqual(
      Buffer.concat([bytes, Buffer.from("***"), bytes]),
    );
  });

  it("is masked whatever it is, and however JSON escapes it", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.string(), (any, around) => {
        const escaped = Array.from({ length: any.length }, (_, index) => {
          return `\\u${any.charCodeAt(index).toString(16).padStart(4, "0")}`;
        });
        const hidden = maskSecrets(Buffer.from(`${around}\u0000${escaped.join("")}`), [any]).toString("utf8");
        expect(hidden.endsWith("***")).toBe(true);
      }),
      { examples: [["u", ""]] },
    );
  });
});
