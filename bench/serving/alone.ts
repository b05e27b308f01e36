/** One request after the other over one connection, timed with microseconds: `node alone.ts URL BODIES COUNT` */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';

const [, , url = '', bodiesPath = '', count = '1'] = process.argv;
const bodies = (JSON.parse(await readFile(bodiesPath, 'utf8')) as unknown[]).map((body) =>
  Buffer.from(JSON.stringify(body)),
);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const ask = (body: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
      response.on('end', resolve).resume();
    });
    sent.on('error', reject).end(body);
  });

const times: number[] = [];
for (let i = 0; i < Number(count); i++) {
  const started = performance.now();
  await ask(bodies[i % bodies.length] as Buffer);
  times.push(performance.now() - started);
}
times.sort((a, b) => a - b);
process.stdout.write(JSON.stringify({ p50: times[Math.floor(times.length / 2)] }));
agent.destroy();
