/**
 * A server to be killed: opens the data folder, submits one thing, and works until it is.
 * `node serve-folder.ts FOLDER jobs.submitCommand '{"command": …}'` prints the id.
 */
import { createTestPlatform } from './platform.ts';

const [dataFolder = '', verb = '', input = '{}'] = process.argv.slice(2);
const webhookDestinations = { schemes: ['http'] as const, allowPrivate: true };
const platform = await createTestPlatform({ dataFolder, webhookDestinations });
const { jobs, sweeps, registry } = platform.services;
const verbs: Record<string, (input: never) => Promise<{ id: string }>> = {
  'jobs.submitCommand': (spec) => jobs.submitCommand(spec, platform.caller),
  'sweeps.create': (spec) => sweeps.create(spec, platform.caller),
  'registry.create': async (spec) => ({ id: (await registry.create(spec, platform.caller)).name }),
};
const submitted = await verbs[verb]?.(JSON.parse(input) as never);
process.stdout.write(`${submitted?.id}\n`);
