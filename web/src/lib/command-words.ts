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
  `jobs run${option('experiment', input.experiment)}${option('name', input.name)}${commandOptions(input)}${pairs('-p', input.parameters)} -- ${wordsOf(input.command)}`;
