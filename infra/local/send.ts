import "./require-node-24";
import { GoogleStandIn } from "./google-stand-in";
import { sampleProviders } from "./samples/registry";
import { type Content, type Delivery, signed } from "./samples/sample";
import { readArguments, type SendRequest, UsageError } from "./send/arguments";
import { sendBurst } from "./send/burst";
import { type Answer, deliver, tamper } from "./send/delivery";
import { findTarget, type Target } from "./send/register";
import { messageOf } from "./start-error";

/**
 * `npm run send`: signs sample events as their providers do and delivers them to a gateway. Exits with 1 if an answer was
 * not what was expected, with 2 if it cannot do what was asked.
 */
async function main(): Promise<boolean> {
  const request = readArguments(process.argv.slice(2), process.env);
  if (request === "list") return list();
  const { googleKey, certificatesPort } = request;
  const standIn = googleKey && certificatesPort ? new GoogleStandIn(googleKey) : undefined;
  try {
    await standIn?.start(certificatesPort);
    return await send(request);
  } finally {
    standIn?.stop();
  }
}

function list(): true {
  for (const { integrationId, schemes, events } of sampleProviders.values()) {
    console.log(`${integrationId} (${schemes.join(", ")})\n  ${[...events.keys()].join("  ")}`);
  }
  return true;
}

async function send(request: SendRequest): Promise<boolean> {
  const target = await findTarget(request);
  if (request.webhook.kind === "new") console.log(`registered ${target.url}`);
  if (request.count > 1) return burst(request, target);
  const content = makeContent(request);
  const delivery = makeDelivery(request, content, target);
  const label = `${request.provider.integrationId} ${request.event}`;
  if (request.manner === "tampered") return tell(`${label}, tampered`, await deliver(target.url, delivery), refused);
  const isAccepted = tell(label, await deliver(target.url, delivery), accepted);
  if (request.manner === "genuine") return isAccepted;
  return tell(`${label}, again`, await deliver(target.url, delivery), repeated(content)) && isAccepted;
}

/** With ids and times of its own. */
function makeContent({ provider, event, body }: SendRequest): Content {
  const sample = provider.events.get(event)?.();
  if (sample === undefined) throw new RangeError(`${provider.integrationId} has no sample ${event}`);
  return body === undefined ? sample : { ...sample, body };
}

/** Altered once it is signed, where that was asked for. */
function makeDelivery({ provider, manner }: SendRequest, content: Content, target: Target): Delivery {
  const delivery = signed(provider, content, target);
  return manner === "tampered" ? tamper(delivery, target.secret) : delivery;
}

/** What an answer should be, and whether it is. */
interface Expectation {
  readonly what: string;
  readonly isMet: (answer: Answer) => boolean;
}

const accepted: Expectation = { what: "200", isMet: ({ status }) => status === 200 };
const refused: Expectation = { what: "401", isMet: ({ status }) => status === 401 };
/** Not told by a gateway on Service Bus, whose duplicate detection drops a repeat without a word. */
const duplicate: Expectation = {
  what: "200 and a duplicate, which Service Bus would drop without saying so",
  isMet: ({ status, isDuplicate }) => status === 200 && isDuplicate,
};

function repeated({ acknowledgement }: Content): Expectation {
  return acknowledgement === undefined ? duplicate : accepted;
}

function tell(label: string, answer: Answer, { what, isMet }: Expectation): boolean {
  const isExpected = isMet(answer);
  const remark = isExpected ? "" : `  <- expected ${what}`;
  console.log(`${label}  ${answer.status} ${answer.text}  ${answer.milliseconds.toFixed(1)} ms${remark}`);
  return isExpected;
}

/** Answers that a proxy numbers must not fill the screen. */
const MAX_KINDS = 20;

async function burst(request: SendRequest, target: Target): Promise<boolean> {
  const expectation = request.manner === "tampered" ? refused : accepted;
  let unexpected = 0;
  const { answers, seconds, p50, p99 } = await sendBurst(async () => {
    const answer = await deliver(target.url, makeDelivery(request, makeContent(request), target));
    if (!expectation.isMet(answer)) unexpected += 1;
    return answer;
  }, request);
  const rate = Math.round(request.count / seconds);
  console.log(`${request.count} deliveries in ${seconds.toFixed(2)} s, ${rate} a second`);
  for (const [answer, count] of [...answers].slice(0, MAX_KINDS)) console.log(`  ${count} x ${answer}`);
  if (answers.size > MAX_KINDS) console.log(`  and ${answers.size - MAX_KINDS} other answers`);
  console.log(`  p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  if (unexpected > 0) console.log(`  ${unexpected} were not ${expectation.what}`);
  return unexpected === 0;
}

main().then(
  (isExpected) => void (process.exitCode = isExpected ? 0 : 1),
  (error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
