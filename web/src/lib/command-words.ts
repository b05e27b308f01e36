/** Command lines that start jobs and searches, from what is sent. */
import { toWord } from './shell-words.ts';

type Input = Readonly<Record<string, unknown>>;

const option = (name: string, value: unknown): string =>
  value === undefined || value === null ? '' : ` --${name} ${toWord(String(value))}`;

const pairs = (flag: string, record: unknown): string =>
  Object.entries((record ?? {}) as Input)
    .map(([name, value]) => ` ${flag} ${toWord(`${name}=${value}`)}`)
    .join('');

const sizes = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
] as const;

function sizeOf(bytes: unknown): string | undefined {
  if (typeof bytes !== 'number') return undefined;
  const found = sizes.find(([, size]) => bytes % size === 0);
  return found ? `${bytes / found[1]}${found[0]}` : String(bytes);
}

/** Options of a command and the command itself; its files are those of the folder in which one types it. */
function commandOptions(input: Input): string {
  const { code, workingDirectory, inputs, files, environment, dependencies, seed, priority } = input;
  const { cpu, memoryBytes, gpu } = (input.resources ?? {}) as Input;
  const from = workingDirectory ? option('directory', workingDirectory) : code ? '' : ' --no-code';
  return [
    from,
    ...((inputs ?? []) as readonly string[]).map((reference) => option('input', reference)),
    ...((files ?? []) as readonly { path: string }[]).map(({ path }) => option('file', path)),
    pairs('--env', environment),
    option('dependencies', dependencies),
    option('seed', seed),
    option('cpu', cpu),
    option('memory', sizeOf(memoryBytes)),
    option('gpu', gpu),
    option('priority', priority),
    option('timeout', input.timeoutSeconds),
    option('attempts', input.maximumAttempts),
  ].join('');
}

const wordsOf = (command: unknown): string => ((command ?? []) as readonly string[]).map(toWord).join(' ');

/** `jobs run --experiment e -p lr=0.1 -- python train.py`. */
export const jobWords = (input: Input): string =>
  `jobs run${option('experiment', input.experiment)}${option('name', input.name)}${option('register', input.register)}${option('may-register', input.mayRegister)}${commandOptions(input)}${pairs('-p', input.parameters)} -- ${wordsOf(input.command)}`;

const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function prunerOptions(pruner: unknown): string {
  if (!pruner) return '';
  const { type, wrapped, ...settings } = pruner as Input;
  const { type: inner, ...more } = (wrapped ?? {}) as Input;
  const numbers = Object.entries({ ...settings, ...more }).map(([name, value]) =>
    option(flagOf(name), value),
  );
  return `${option('pruner', type)}${option('wrapped', inner)}${numbers.join('')}`;
}

/** `sweeps search --space space.json --goal loss:min --trials 30 -- python train.py '${args}'`; the space is a file. */
export function searchWords(input: Input): string {
  const { goals, budget, command, seed } = input;
  const { trials, seconds, cost } = (budget ?? {}) as Input;
  const targets = ((goals ?? []) as readonly { metric: string; direction: string }[]).map(
    ({ metric, direction }) => option('goal', `${metric}:${direction.slice(0, 3)}`),
  );
  const { seed: _own, ...trial } = (command ?? {}) as Input;
  return [
    'sweeps search',
    option('experiment', input.experiment),
    option('name', input.name),
    ' --space space.json',
    ...targets,
    option('sampler', input.sampler),
    prunerOptions(input.pruner),
    option('trials', trials),
    seconds === undefined ? '' : ` --duration ${seconds}s`,
    option('cost', cost),
    option('parallel', input.parallel),
    option('seed', seed),
    option('warm-start', input.warmStart),
    option('register', input.register),
    input.cache ? ' --cache' : '',
    command ? `${commandOptions(trial)} -- ${wordsOf(trial.command)}` : '',
  ].join('');
}

/** A search over our learners. */
export const learnerSearchWords = (input: Input): string =>
  [
    'sweeps create',
    option('experiment', input.experiment),
    option('name', input.name),
    option('training-set', input.trainingSet),
    option('features', ((input.features ?? []) as readonly string[]).join(',')),
    option('target', input.target),
    option('time-column', input.timeColumn),
    option('learners', ((input.learners ?? []) as readonly string[]).join(',')),
    option('trials', input.trials),
    option('folds', input.folds),
    option('metric', input.metric),
    option('seed', input.seed),
    option('register', input.register),
  ].join('');
