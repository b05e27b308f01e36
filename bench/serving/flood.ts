/**
 * An open loop: requests at a fixed rate, whether or not those before were answered, over many connections.
 * `node flood.ts URL BODIES PER_SECOND SECONDS`
 */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const [, , url = '', bodiesPath = '', perSecond = '1', seconds = '1'] = process.argv;
const bodies = (JSON.parse(await readFile(bodiesPath, 'utf8')) as unknown[]).map((body) =>
  Buffer.from(JSON.stringify(body)),
);
const agent = new Agent({ keepAlive: true, maxSockets: 4096 });
const times: number[] = [];
let refused = 0;
let failed = 0;
let withoutAdvice = 0;
let open = 0;

/** @param due when it was to be sent: a load that is late is the caller's time, too */
function ask(body: Buffer, due: number): void {
  open++;
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const sent = request(url, { method: 'POST', agent, headers }, (response) => {
    response.resume().on('end', () => {
      open--;
      if (response.statusCode === 200) times.push(performance.now() - due);
      else if (response.statusCode === 429) refused++;
      else failed++;
      if (response.statusCode === 429 && response.headers['retry-after'] === undefined) withoutAdvice++;
    });
  });
  sent.on('error', () => {
    open--;
    failed++;
  });
  sent.end(body);
}

const begun = performance.now();
let sent = 0;
for (let passed = 0; passed < Number(seconds) * 1000; passed = performance.now() - begun) {
  for (const due = Math.floor((passed / 1000) * Number(perSecond)); sent < due; sent++)
    ask(bodies[sent % bodies.length] as Buffer, begun + (sent * 1000) / Number(perSecond));
  await pause(1);
}
while (open > 0 && performance.now() - begun < Number(seconds) * 1000 + 20_000) await pause(5);
times.sort((a, b) => a - b);
const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
process.stdout.write(
  JSON.stringify({
    sent,
    answered: times.length,
    refused,
    failed: failed + open,
    withoutAdvice,
    p50: at(0.5),
    p99: at(0.99),
  }),
);
process.exit(0);
