import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { median } from '../comparison.ts';
import { startTidemill } from '../processes.ts';
import { deployModel, featureRow, seeded } from './model.ts';

const call = promisify(execFile);
const forest = { trees: 1500, depth: 8 };
const seconds = 4;
const connections = 16;
const name = '99 % of those let in, over normal';

export const servingOverload: Bench = {
  name: 'serving-overload',
  summary:
    'an endpoint asked for three times what it can answer: who is let in is answered in time, the others learn when to come again',
  settings: [
    `model: ${forest.trees} trees of depth ${forest.depth}, in process; a model that costs less than a refusal cannot be protected in one process`,
    `capacity: autocannon, ${connections} connections, all answered; normal: an open loop at three quarters of it; overload: an open loop at three times it, ${seconds} s each`,
    'the load comes from one process on the same machine, so a part of the time is its own',
  ],
  promises: [{ name, unit: 'times', better: 'lower', target: 1, limit: 2, peer: null }],
  rounds: 3,
  run,
};

interface Flood {
  readonly sent: number;
  readonly answered: number;
  readonly refused: number;
  readonly failed: number;
  readonly withoutAdvice: number;
  readonly p50: number;
  readonly p99: number;
}

async function run({ folder, rounds, say }: BenchContext): Promise<Outcome> {
  const tidemill = await startTidemill(join(folder, 'data'));
  const random = seeded(11);
  const bodies = join(folder, 'bodies.json');
  const records = Array.from({ length: 64 }, (_, i) => ({
    records: [{ item: `item-${i}`, ...featureRow(random) }],
  }));
  await writeFile(bodies, JSON.stringify(records));
  try {
    const client = createClient({ url: tidemill.url });
    await deployModel(client, 'bench', folder, { learner: 'trees', parameters: forest });
    const url = `${tidemill.url}/api/v1/endpoints/bench/predict`;
    const node = async (file: string, ...words: string[]) =>
      JSON.parse(
        (await call(process.execPath, [join(import.meta.dirname, file), url, bodies, ...words])).stdout,
      );
    const closed = async () =>
      ((await node('load.ts', String(seconds), String(connections))) as { perSecond: number }).perSecond;
    const flood = (perSecond: number) =>
      node('flood.ts', String(Math.round(perSecond)), String(seconds)) as Promise<Flood>;
    await closed();
    const p99: number[] = [];
    const answered: number[] = [];
    const notes: string[] = [];
    for (let round = 1; round <= rounds; round++) {
      const capacity = await closed();
      const normal = await flood(0.75 * capacity);
      if (normal.failed > 0 || normal.refused > 0.01 * normal.sent)
        throw new Error(
          `at three quarters of the capacity ${normal.refused} of ${normal.sent} were refused and ${normal.failed} got no answer`,
        );
      await pause(500);
      const over = await flood(3 * capacity);
      if (over.failed > 0 || over.withoutAdvice > 0 || over.refused === 0)
        throw new Error(
          `of ${over.sent}, ${over.failed} got no answer, ${over.refused} were refused, ${over.withoutAdvice} without advice`,
        );
      p99.push(over.p99 / normal.p99);
      answered.push((100 * over.answered) / seconds / capacity);
      const words = `capacity ${capacity.toFixed(0)} a second; normal: 99 % within ${normal.p99.toFixed(1)} ms, ${normal.refused} refused; overload: ${over.answered} of ${over.sent} let in, 99 % within ${over.p99.toFixed(1)} ms`;
      say(`round ${round}: ${words}`);
      notes.push(`round ${round}: ${words}`);
    }
    return {
      measured: [{ name, ours: p99, peer: null }],
      notes: [...notes, `answered under overload: ${median(answered).toFixed(0)} % of the capacity`],
    };
  } finally {
    await tidemill.stop();
  }
}
