/** `--python`: other people's frameworks and our learners on the same days, the best of each run again, one chosen. */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { type Client, type DatasetVersion, type Sweep, waitFor } from '@tidemill/sdk';
import { add, fixed, tell } from './narrator.ts';
import { isEnded, recipeOf, type Stage } from './opening.ts';
import { type Candidate, type Compared, chooseAmong, type Repeats } from './python-choice.ts';
import { preparePython } from './python-environment.ts';
import { listTrainers, type Trainer } from './python-trainers.ts';

export interface PythonOptions {
  readonly url: string;
  readonly folder: string;
  readonly trainers: readonly string[] | null;
  readonly trials: number | null;
  readonly windows: number | null;
}

interface Search extends PythonOptions {
  readonly client: Client;
  readonly set: DatasetVersion;
  readonly repeats: Repeats;
  /** The PATH on which `python` is. */
  readonly path: string;
  /** Trainings that have ended, by trainer. */
  readonly done: Map<string, number>;
}

const repository = join(import.meta.dirname, '../..');
const searchLimitMs = 900_000;
const tellEveryMs = 20_000;

/** The chosen trial becomes forecaster@2, with its reason and its lineage. */
export async function searchWithPython(
  { client, project }: Stage,
  set: DatasetVersion,
  options: PythonOptions,
): Promise<{ model: string; compared: Compared }> {
  const { sweep: ours } = recipeOf(project);
  const repeats = { seeds: 3, windows: options.windows ?? 3, rule: { type: 'mean-std', lambda: 1 } } as const;
  tell(
    'python',
    `XGBoost, SVR and an autoregressive network of PyTorch beside our learners, on ${set.reference}`,
  );
  const { trainers, path } = await findTrainers(listTrainers(ours.features, ours.target), options);
  const jobs = trainers.reduce((sum, each) => sum + (options.trials ?? each.trials) + 3 * repeats.windows, 0);
  if (jobs > 0)
    add(
      `${jobs} trainings as jobs: searched, then the best of each again on 3 seeds × ${repeats.windows} windows`,
    );
  const search = { ...options, client, set, repeats, path, done: new Map<string, number>() };
  const telling = setInterval(() => {
    add(
      `${[...search.done.values()].reduce((sum, count) => sum + count, 0)} of ${jobs} trainings have ended`,
    );
  }, tellEveryMs);
  const found = await Promise.all([
    searchOurs(search, ours),
    ...trainers.map((trainer) => searchTrainer(search, trainer)),
  ]).finally(() => clearInterval(telling));
  const candidates = found.filter((each) => each !== null);
  return chooseAmong({ client, set, target: ours.target, repeats }, candidates, options.url);
}

/** Those that can be had here; of the others it is said why not, and what to do. */
async function findTrainers(all: readonly Trainer[], { trainers: wanted }: PythonOptions) {
  const python = await preparePython();
  const trainers = all.filter(
    ({ name, needsTorch }) =>
      (wanted?.includes(name) ?? true) && python.folder !== null && (python.hasTorch || !needsTorch),
  );
  if (python.missing !== null) {
    const left = python.folder === null ? 'XGBoost, SVR and the network are' : 'the network is';
    add(`${left} left out: ${python.missing}`);
  }
  return { trainers, path: [python.folder ?? '', process.env.PATH ?? ''].join(delimiter) };
}

async function searchOurs(
  { client, set, repeats }: Search,
  definition: ReturnType<typeof recipeOf>['sweep'],
): Promise<Candidate> {
  const request = { ...definition, confirm: { top: 1, ...repeats }, name: 'our learners' };
  const { id } = await client.sweeps.create({ ...request, trainingSet: set.reference });
  const sweep = await ended(() => client.sweeps.get({ id }), 'our learners');
  if (sweep.state !== 'succeeded') throw new Error(`the sweep failed: ${sweep.error}`);
  const name = `our ${sweep.chosen?.learner}`;
  told(name, sweep);
  return { name, sweep };
}

/** As anybody would: by the command line, in the folder of the script. */
async function searchTrainer(search: Search, trainer: Trainer): Promise<Candidate | null> {
  const { client, repeats, done } = search;
  const { name } = trainer;
  const look = async (id: string): Promise<Sweep> => {
    const sweep = await client.sweeps.get({ id });
    done.set(
      name,
      sweep.trials.filter(({ endedAt }) => endedAt !== null).length + (sweep.confirmation?.ended ?? 0),
    );
    return sweep;
  };
  const { id } = JSON.parse(await tidemill(search.url, await wordsOf(search, trainer))) as Sweep;
  const searched = await ended(() => look(id), name);
  if (searched.state !== 'succeeded') {
    add(`${name} is left out: ${searched.error}`);
    return null;
  }
  add(`${name}: best of ${searched.trials.length} trials is ${fixed(searched.best?.value)}; now again`);
  await client.sweeps.confirm({ id, top: 1, ...repeats });
  const sweep = await waitFor(
    () => look(id),
    ({ confirmation }) => confirmation?.state !== 'running',
    { what: `the repeats of ${name}`, timeoutMs: searchLimitMs },
  );
  told(name, sweep);
  return { name, sweep };
}

async function wordsOf({ folder, set, path, trials }: Search, trainer: Trainer): Promise<string[]> {
  const { name, script, space, words } = trainer;
  await mkdir(folder, { recursive: true });
  const file = resolve(folder, `space-${name.toLowerCase()}.json`);
  await writeFile(file, JSON.stringify(space, null, 2));
  const stands = (what: string) => `$\{${what}}`;
  return [
    ...['sweeps', 'search', '--json', '--experiment', 'forecaster', '--name', name, '--space', file],
    ...['--goal', 'val_mae:min', '--trials', String(trials ?? trainer.trials), '--seed', '1'],
    ...['--input', set.reference, '--dependencies', 'none', '--env', `PATH=${path}`],
    ...['--', 'python', script, stands('args'), `--seed=${stands('seed')}`],
    ...['--time', 'event_time', '--goal', 'val_mae', ...words],
  ];
}

function told(name: string, { confirmation, best }: Sweep): void {
  const { ended: count = 0, state, trials = [], error } = confirmation ?? {};
  const [own] = trials;
  const figures = own ? `${fixed(own.mean)} ± ${fixed(own.std)}` : '';
  add(`${name}: trial ${best?.number} ${count} times again: ${state === 'succeeded' ? figures : error}`);
}

const ended = (look: () => Promise<Sweep>, what: string): Promise<Sweep> =>
  waitFor(look, ({ state }) => isEnded(state), { what, timeoutMs: searchLimitMs });

function tidemill(url: string, words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(repository, 'cli/src/main.ts'), ...words], {
    cwd: join(repository, 'python/trainers'),
    env: { ...process.env, TIDEMILL_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts = { out: '', err: '' };
  child.stdout.on('data', (part) => (parts.out += part));
  child.stderr.on('data', (part) => (parts.err += part));
  return new Promise((done, fail) =>
    child
      .once('error', fail)
      .once('close', (code) => (code === 0 ? done(parts.out) : fail(new Error(parts.err.trim())))),
  );
}
