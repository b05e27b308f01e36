/** What is the same about two commands, and what is not, in words. */
import type { JobFile } from '@tidemill/contract';
import type { CommandSpec } from '../rules.ts';
import { type JobKey, type KeyedEnvironment, keyedVariables, type PartName, partNames } from './key.ts';

/** A command with what the digests of its key stand for. */
export interface Keyed extends Pick<JobKey, 'parts' | 'environment'> {
  readonly spec: CommandSpec;
  readonly code: readonly JobFile[];
  readonly files: readonly JobFile[];
  /** Those of its environment, as requirements; null when they are not known. */
  readonly packages: readonly string[] | null;
}

const mostNamed = 3;

export const differingParts = (a: JobKey['parts'], b: JobKey['parts']): PartName[] =>
  partNames.filter((name) => a[name] !== b[name]);

/** Each difference as a sentence's part: `the code differs: train.py`. */
export const tellDifferences = (now: Keyed, then: Keyed): string[] =>
  differingParts(now.parts, then.parts).map((part) => {
    const details = detailsOf[part](now, then);
    return `the ${wordOf[part]} ${plural.has(part) ? 'differ' : 'differs'}${details ? `: ${details}` : ''}`;
  });

const wordOf: Readonly<Record<PartName, string>> = {
  command: 'command',
  code: 'code',
  environment: 'environment',
  inputs: 'inputs',
  files: 'files',
  parameters: 'parameters',
  seed: 'seed',
  window: 'window of time',
  variables: 'variables',
  locale: "server's language or time zone",
  gpu: 'number of graphics processors',
};

const plural: ReadonlySet<PartName> = new Set(['inputs', 'files', 'parameters', 'variables']);

const instead = (now: unknown, then: unknown): string => `${now} instead of ${then}`;
const shownCommand = ({ command }: CommandSpec): string => `'${command.join(' ').slice(0, 200)}'`;

const detailsOf: Readonly<Record<PartName, (now: Keyed, then: Keyed) => string>> = {
  command: ({ spec: now }, { spec: then }) => instead(shownCommand(now), shownCommand(then)),
  code: (now, then) => tellEntries(toEntries(now.code), toEntries(then.code), false),
  environment: tellEnvironments,
  inputs: (now, then) => tellInputs(now.spec.inputs, then.spec.inputs),
  files: (now, then) => tellEntries(toEntries(now.files), toEntries(then.files), false),
  parameters: ({ spec: now }, { spec: then }) => tellEntries(now.parameters, then.parameters, true),
  seed: ({ spec: now }, { spec: then }) => instead(now.seed ?? 'none', then.seed ?? 'none'),
  window: ({ spec: now }, { spec: then }) =>
    instead(now.window?.index ?? 'none', then.window?.index ?? 'none'),
  variables: ({ spec: now }, { spec: then }) => tellEntries(keyedVariables(now), keyedVariables(then), true),
  locale: () => '',
  gpu: ({ spec: now }, { spec: then }) => instead(now.resources.gpu, then.resources.gpu),
};

const toEntries = (files: readonly JobFile[]): Record<string, string> =>
  Object.fromEntries(
    files.map(({ path, sha256, executable }) => [path, `${sha256}${executable ? 'x' : ''}`]),
  );

type Entries = Readonly<Record<string, string | number | boolean | null>>;

/** Names of what is other, new or gone; with their values where those can be read. */
function tellEntries(now: Entries, then: Entries, withValues: boolean): string {
  const names = [...new Set([...Object.keys(now), ...Object.keys(then)])].sort();
  const told = names.flatMap((name) => {
    if (!Object.hasOwn(then, name)) return [`${name}${withValues ? ` ${now[name]}` : ''} is new`];
    if (!Object.hasOwn(now, name)) return [`${name} is gone`];
    if (now[name] === then[name]) return [];
    return [withValues ? `${name} ${instead(now[name], then[name])}` : name];
  });
  return shorten(told);
}

function tellInputs(now: readonly string[], then: readonly string[]): string {
  const [added, gone] = [without(now, then), without(then, now)];
  // The same name and number, and yet not the same: it was deleted and made anew.
  if (added.length + gone.length === 0) return `${shorten([...now])} is another one by the same name`;
  return instead(shorten(added) || 'nothing', shorten(gone) || 'nothing');
}

function tellEnvironments(now: Keyed, then: Keyed): string {
  const [a, b] = [now.environment, then.environment];
  if (a.system !== b.system) return instead(a.system, b.system);
  if (a.lock === null && a.made !== null) return 'it is not made yet';
  if (a.python !== b.python) return instead(a.python ?? 'no Python', b.python ?? 'no Python');
  const packages = now.packages && then.packages && tellPackages(now.packages, then.packages);
  if (packages) return packages;
  if (a.made === b.made) return 'its packages were installed anew since';
  return instead(tellOrigin(a), tellOrigin(b));
}

const tellOrigin = ({ made }: KeyedEnvironment): string =>
  made === null ? 'a Python that is found' : 'one made from the code';

const nameOf = (requirement: string): string => requirement.split(/==| @ /, 1)[0] ?? requirement;
const toPackages = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    list.map((line) => [nameOf(line), line.slice(nameOf(line).length).replace(/^==| @ /, '')]),
  );

const tellPackages = (now: readonly string[], then: readonly string[]): string =>
  tellEntries(toPackages(now), toPackages(then), true);

const without = (all: readonly string[], others: readonly string[]): string[] =>
  all.filter((each) => !others.includes(each));

const shorten = (told: readonly string[]): string => {
  const rest = told.length - mostNamed;
  return rest > 0 ? `${told.slice(0, mostNamed).join(', ')} and ${rest} more` : told.join(', ');
};

/** What was compared and is equal: `the command 'python train.py'`, `the code (3 files)`. */
export function tellSame({ spec, environment, code, files }: Keyed): string[] {
  const { inputs, parameters, seed } = spec;
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const python = environment.python
    ? `${environment.python}, ${count(environment.packages, 'package')}`
    : 'no Python';
  return [
    `the command ${shownCommand(spec)}`,
    ...(spec.code ? [`the code (${count(code.length, 'file')})`] : []),
    `the environment (${python})`,
    ...(inputs.length > 0 ? [`the inputs ${shorten(inputs)}`] : []),
    ...(files.length > 0 ? [`the files ${shorten(files.map(({ path }) => path))}`] : []),
    ...(Object.keys(parameters).length > 0 ? ['the parameters'] : []),
    ...(seed === null ? [] : [`the seed ${seed}`]),
  ];
}
