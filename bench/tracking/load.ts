/** The load of `tracking`: every request is another point, sent from a process of its own. */
import autocannon from 'autocannon';

const [, , url = '', kind = 'metric', runs = '', connections = '1', seconds = '1', offset = '0'] =
  process.argv;
const ids = runs.split(',');
const batch = 100;
let number = Number(offset);

/** Times are of the points' own making, so that no two points are equal. */
const point = (key: string, step: number) => ({
  key,
  value: step / 3,
  timestamp: 1_700_000_000_000 + step,
  step,
});

function bodyOf(): string {
  const step = number++;
  const run_id = ids[step % ids.length];
  if (kind === 'metric') return JSON.stringify({ run_id, ...point('loss', step) });
  const metrics = Array.from({ length: batch }, (_, i) => point(`m${i % 10}`, step * batch + i));
  return JSON.stringify({ run_id, metrics });
}

const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  timeout: 60,
  requests: [
    {
      method: 'POST',
      path: `/api/2.0/mlflow/runs/log-${kind}`,
      headers: { 'content-type': 'application/json' },
      setupRequest: (request) => ({ ...request, body: bodyOf() }),
    },
  ],
});

process.stdout.write(
  JSON.stringify({
    answered: result['2xx'],
    perSecond: result['2xx'] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    failures: result.errors + result.non2xx + result.timeouts,
    next: number,
  }),
);
