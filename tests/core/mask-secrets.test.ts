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
    ["in XML", secret.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("é", "&#xE9;")],
  ])("is masked %s", (_, written) => {
    expect(masked(`{"clientState":"${written}"}, and ${written} again`)).toBe(`{"clientState":"***"}, and *** again`);
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
