/** The load of `features-online`, in a process of its own. With a rate it is open-loop, and says how long requests took. */
import { readFile } from 'node:fs/promises';
import autocannon from 'autocannon';

const [, , url = '', bodiesPath = '', seconds = '1', connections = '1', rate = '0'] = process.argv;
const bodies = JSON.parse(await readFile(bodiesPath, 'utf8')) as unknown[];
const times: number[] = [];

const load = autocannon(
  {
    url,
    connections: Number(connections),
    duration: Number(seconds),
    ...(Number(rate) > 0 && { overallRate: Number(rate) }),
    requests: bodies.map((body) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })),
  },
  (error, result) => {
    if (error) throw error;
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? null;
    process.stdout.write(
      JSON.stringify({
        answered: result['2xx'],
        perSecond: result['2xx'] / result.duration,
        failures: result.errors + result.non2xx + result.timeouts,
        p50: at(0.5),
        p99: at(0.99),
      }),
    );
  },
);
load.on('response', (_client, _status, _bytes, milliseconds) => times.push(milliseconds));
