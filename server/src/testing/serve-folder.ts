/**
 * A server to be killed: opens the data folder, submits one thing, and works until it is.
 * `node serve-folder.ts FOLDER jobs.submitCommand '{"command": …}'` prints the id.
 */
import { appendFileSync } from 'node:fs';
import type { CommandJob } from '@tidemill/contract';
import { createTestPlatform } from './platform.ts';

const [dataFolder = '', verb = '', input = '{}', options = '{}'] = process.argv.slice(2);
const webhookDestinations = { schemes: ['http'] as const, allowPrivate: true };
const platform = await createTestPlatform({ dataFolder, webhookDestinations, ...JSON.parse(options) });
const { jobs, sweeps, registry, features, erasures } = platform.services;
const verbs: Record<string, (input: never) => Promise<{ id: string }>> = {
  serve: async () => ({ id: 'serving' }),
  'jobs.submitAll': async (specs: readonly CommandJob[]) => {
    for (const spec of specs) await jobs.submitCommand(spec, platform.caller);
    return { id: 'submitted' };
  },
  'jobs.submitCommand': (spec) => jobs.submitCommand(spec, platform.caller),
  'sweeps.create': (spec) => sweeps.create(spec, platform.caller),
  'sweeps.search': (spec) => sweeps.search(spec, platform.caller),
  'subjects.erase': (spec) => erasures.erase(spec, platform.caller),
  'features.push': async (spec) => pushWithoutEnd(spec),
  'registry.create': async (spec) => ({ id: (await registry.create(spec, platform.caller)).name }),
};
interface Pushes {
  readonly name: string;
  readonly version: string;
  /** The first key's number; each number is sent once, with its own row. */
  readonly from: number;
  readonly row: Record<string, unknown>;
  /** A file to which keys are added, sent to be, and acknowledged. */
  readonly log: string;
}

/** Three at a time, while the view is materialized over and over. */
async function pushWithoutEnd({ name, version, from, row, log }: Pushes): Promise<{ id: string }> {
  let next = from;
  const push = async () => {
    for (;;) {
      const n = next++;
      appendFileSync(log, `sent ${n}\n`);
      const rows = [{ ...row, n }];
      const to = 'online_and_offline' as const;
      await features.push({ name, version, rows, to, key: `push ${n}` }, platform.caller);
      appendFileSync(log, `kept ${n}\n`);
    }
  };
  const materialize = async () => {
    for (let i = 0; ; i++)
      await features.materialize(
        { name, version, mode: i % 2 === 0 ? 'full' : 'incremental' },
        platform.caller,
      );
  };
  for (const work of [push, push, push, materialize]) void work();
  return { id: 'pushing' };
}

const submitted = await verbs[verb]?.(JSON.parse(input) as never);
process.stdout.write(`${submitted?.id}\n`);
