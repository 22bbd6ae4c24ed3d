import { InvocationContext, type LogLevel } from "@azure/functions";
import { LightContext } from "../../../infra/local/light-context";

const options = { trigger: { type: "httpTrigger", name: "t" }, extraInputs: [], extraOutputs: [] };
const written: [LogLevel, readonly unknown[]][] = [];

/** Ours and the library's own, both logging into `written`. */
function pair(): readonly [InvocationContext, InvocationContext] {
  const common = { functionName: "f", options, triggerMetadata: { messageId: "1" } };
  const light = new LightContext({ ...common, logHandler: (_, level, args) => void written.push([level, args]) });
  const real = new InvocationContext({ ...common, logHandler: (level, ...args) => void written.push([level, args]) });
  return [light, real];
}

describe("LightContext", () => {
  beforeEach(() => (written.length = 0));

  it("has every member of the library's context", () => {
    const [light, real] = pair();
    const members = [...Object.getOwnPropertyNames(InvocationContext.prototype), ...Object.keys(real)];
    expect(members.filter((name) => !(name in light) && Reflect.get(real, name) !== undefined)).toEqual([]);
  });

  it.each(["functionName", "triggerMetadata", "retryContext", "traceContext"] as const)("has the same %s", (member) => {
    const [light, real] = pair();
    expect(light[member]).toEqual(real[member]);
  });

  it("has the same options", () => {
    const [light, real] = pair();
    expect(light.options).toEqual(real.options);
  });

  it.each(["log", "trace", "debug", "info", "warn", "error"] as const)("logs %s at the same level", (verb) => {
    for (const context of pair()) context[verb]("a", 1);
    expect(written[0]).toEqual(written[1]);
  });

  it("keeps extra inputs and outputs by name", () => {
    for (const context of pair()) {
      context.extraInputs.set("in", 1);
      context.extraOutputs.set("out", 2);
      expect([context.extraInputs.get("in"), context.extraOutputs.get("out")]).toEqual([1, 2]);
    }
  });

  it("has one id of its own, which can be replaced", () => {
    const [[first], [second]] = [pair(), pair()];
    expect(first.invocationId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(first.invocationId).toBe(first.invocationId);
    expect(first.invocationId).not.toBe(second.invocationId);
    first.invocationId = "mine";
    expect(first.invocationId).toBe("mine");
  });
});
