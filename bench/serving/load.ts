/** A closed loop, in a process of its own so that making requests takes no time from measuring them. */
import { readFile } from 'node:fs/promises';
import autocannon from 'autocannon';

const [, , url = '', bodiesPath = '', seconds = '1', connections = '1'] = process.argv;
const bodies = JSON.parse(await readFile(bodiesPath, 'utf8')) as unknown[];

const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  requests: bodies.map((body) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })),
});

process.stdout.write(
  JSON.stringify({
    answered: result['2xx'],
    perSecond: result['2xx'] / result.duration,
    p99: result.latency.p99,
    failures: result.errors + result.non2xx + result.timeouts,
  }),
);
