/** `npm run bench -- NAME`: sets up, checks that answers are equal, measures, compares. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePackages } from '../scripts/python-environment.ts';
import { append } from './append.ts';
import type { Bench, Outcome } from './bench.ts';
import { compare, median } from './comparison.ts';
import { dataCommit } from './data/commit.ts';
import { dataStorage } from './data/growth.ts';
import { dataProfile } from './data/profile.ts';
import { dataDiff } from './data/row-diff.ts';
import { dataValidation } from './data/validation.ts';
import { demo } from './demo.ts';
import { featuresAggregations } from './features/aggregations.ts';
import { featuresJoin } from './features/join.ts';
import { featuresMaterialize } from './features/materialize.ts';
import { featuresOnline } from './features/online.ts';
import { modelsEvaluation } from './models/evaluation.ts';
import { modelsLineage } from './models/lineage.ts';
import { bareWork } from './rounds.ts';
import { servingOverload } from './serving/overload.ts';
import { servingRequests } from './serving/requests.ts';
import { servingTensors } from './serving/tensors.ts';
import { tableOf } from './table.ts';
import { artifacts } from './tracking/artifacts.ts';
import { client } from './tracking/client.ts';
import { log, logPower } from './tracking/log.ts';
import { search } from './tracking/search.ts';
import { start } from './tracking/start.ts';
import { writersBench } from './tracking/writers.ts';
import { trainingJobs } from './training/jobs.ts';
import { trainingSearch } from './training/search.ts';

const tracking: readonly Bench[] = [log, search, client, writersBench, artifacts, start, logPower];
const data: readonly Bench[] = [dataCommit, dataStorage, dataDiff, dataProfile, dataValidation];
const features: readonly Bench[] = [featuresJoin, featuresAggregations, featuresOnline, featuresMaterialize];
const training: readonly Bench[] = [trainingSearch, trainingJobs];
const models: readonly Bench[] = [modelsEvaluation, modelsLineage];
const serving: readonly Bench[] = [servingRequests, servingTensors, servingOverload];
const benches: readonly Bench[] = [
  append,
  demo,
  ...tracking,
  ...data,
  ...features,
  ...training,
  ...models,
  ...serving,
];
/** A name for several. */
const groups: Readonly<Record<string, readonly Bench[]>> = {
  tracking,
  data,
  features,
  training,
  models,
  serving,
};
const controls = 5;
const sorting = { what: 'sorting a million doubles', unit: 'ms' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string' } },
});
const say = (text: string) => process.stderr.write(`${text}\n`);
const print = (text: string) => process.stdout.write(`${text}\n`);

function list(): void {
  print('npm run bench -- NAME... [--rounds N] [--json]\n');
  for (const { name, summary } of benches) print(`${name.padEnd(19)} ${summary}`);
  for (const [name, members] of Object.entries(groups))
    print(`${name.padEnd(19)} all of ${members.map((bench) => bench.name).join(', ')}`);
}

async function play(bench: Bench): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), `tidemill-bench-${bench.name}-`));
  const before = control();
  let outcome: Outcome = { measured: [] };
  try {
    const python = bench.requirements ? await ensurePackages(bench.requirements, 'bench') : null;
    const rounds = values.rounds === undefined ? bench.rounds : Number(values.rounds);
    outcome = await bench.run({ rounds, folder, python, say });
  } catch (error) {
    say(`${bench.name} failed: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const findMeasured = (name: string) => outcome.measured.find((one) => one.name === name);
  const lines = bench.promises.map((promised) => compare(promised, findMeasured(promised.name)));
  if (values.json) for (const line of lines) print(JSON.stringify(line));
  else print(tableOf(bench, { control: { ...sorting, before, after: control() }, ...outcome }, lines));
  return lines.every((line) => line.met);
}

const control = () => median(Array.from({ length: controls }, bareWork));

function find(name: string): readonly Bench[] {
  const found = groups[name] ?? benches.filter((bench) => bench.name === name);
  if (found.length > 0) return found;
  const names = [...benches.map((bench) => bench.name), ...Object.keys(groups)];
  say(`There is no bench '${name}'; there are ${names.join(', ')}.`);
  process.exit(2);
}

if (values.rounds !== undefined && !/^[1-9]\d{0,3}$/.test(values.rounds)) {
  say(`--rounds: '${values.rounds}' is not a number from 1 to 9999.`);
  process.exit(2);
}
if (positionals.length === 0) list();
const wanted = positionals.flatMap(find);
if (wanted.length > 0) say(`${cpus().length} cores, Node ${process.versions.node}`);
for (const bench of wanted) if (!(await play(bench))) process.exitCode = 1;
