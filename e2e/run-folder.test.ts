// A run laid out in a folder, and started there by hand: it reads and writes what its job did.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../sdk/src/index.ts';
import { tidemill } from './cli-process.ts';
import { createPlace, type Place } from './mlflow/servers.ts';

const call = promisify(execFile);
let place: Place;
afterEach(() => place?.remove());

const script = `set -eu
cat "$1" list.txt >> ../outputs/result
printf '%s %s' "$OWN" "\${PYTHONHASHSEED}" >> ../outputs/result
grep -o '"depth": 6' "$TIDEMILL_PARAMS" >> ../outputs/result
head -c 4 '../inputs/days@1.parquet' >> ../outputs/result
`;

test('a run comes into a folder of its own, where one command starts it', async () => {
  place = await createPlace('sqlite');
  const { url } = await place.start();
  const client = createClient({ url });
  const code = join(place.folder, 'code');
  await mkdir(code);
  for (const [name, text] of Object.entries({
    'train.sh': script,
    'list.txt': 'one\n',
    'plain.csv': 'a\n1\n',
  }))
    await writeFile(join(code, name), text);
  await client.datasets.commit({ name: 'days', format: 'csv', content: Buffer.from('x,y\n1,2\n') });
  const at = { url, folder: code };
  const options = [
    '-p',
    'depth=6',
    '--seed',
    '7',
    '--env',
    "OWN=it's",
    '--file',
    'plain.csv',
    '--input',
    'days',
  ];
  const words = ['sh', 'train.sh', '../inputs/plain.csv'];
  const ran = await tidemill(['jobs', 'run', '--follow', '--json', ...options, '--', ...words], at);
  expect(ran.code, ran.stderr).toBe(0);
  const { runId } = JSON.parse(ran.stdout) as { runId: string };
  const there = await fetch(`${url}/api/v1/runs/${runId}/artifact?path=result`).then((reply) => reply.text());

  const again = join(place.folder, 'again');
  const laid = await tidemill(['runs', 'rebuild', runId, '--into', again], at);
  expect(laid.code, laid.stderr).toBe(0);
  expect(laid.stdout).toContain(join(again, 'run.sh'));
  expect((await readdir(again)).sort()).toEqual([
    ...['checkpoints', 'code', 'environment.json', 'inputs', 'outputs'],
    ...['params.json', 'requirements.lock', 'run.sh'],
  ]);
  await call(join(again, 'run.sh'), ['--as-is'], { cwd: '/' });
  expect(await readFile(join(again, 'outputs/result'), 'utf8')).toBe(there);

  const twice = await tidemill(['runs', 'rebuild', runId, '--into', again], at);
  expect(twice).toMatchObject({ code: 1, stderr: expect.stringMatching(/is not empty/) });
  const { id } = await client.experiments.createExperiment({ name: 'logged' });
  const logged = await client.experiments.createRun({ experimentId: id });
  const none = await tidemill(['runs', 'rebuild', logged.id, '--into', `${again}-2`], at);
  expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/no job of a command made it/) });
  expect(await readdir(place.folder)).not.toContain('again-2');
});
