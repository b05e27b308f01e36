/** What makes two commands the same: everything they are given, in digests. */
import type { JobFile } from '@tidemill/contract';
import { digestOf } from '../../../base/digest-of.ts';
import type { CommandSpec } from '../rules.ts';

/** Where a command runs, as far as it can make a difference. */
export interface KeyedEnvironment {
  readonly system: string;
  /** Interpreter with its version; null where there is none, or none yet. */
  readonly python: string | null;
  /** Digest of what it is made from; null when it is found. */
  readonly made: string | null;
  /** Of all packages when it is made, of site-packages when it is found; null when not made yet. */
  readonly lock: string | null;
  readonly packages: number;
}

/** What a command is given beside its own words. */
export interface Given {
  readonly code: readonly JobFile[];
  readonly files: readonly JobFile[];
  /** Digests of dataset versions and models by reference. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Of the server's own environment what changes how programs read time and text. */
  readonly locale: Readonly<Record<string, string>>;
}

export const partNames = [
  'command',
  'code',
  'environment',
  'inputs',
  'files',
  'parameters',
  'seed',
  'window',
  'variables',
  'locale',
  'gpu',
] as const;
export type PartName = (typeof partNames)[number];
export type KeyParts = Readonly<Record<PartName, string>>;

export interface JobKey {
  readonly key: string;
  /** The same without what is only known once the environment is made: two submissions at once meet in it. */
  readonly asked: string;
  readonly parts: KeyParts;
  readonly environment: KeyedEnvironment;
}

const localeNames = ['LANG', 'LC_ALL', 'TZ'];
export const toLocale = (variables: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => localeNames.includes(name)));

/** Which Python is active shows in the environment itself; which trial it is makes no difference. */
const unkeyed = ['VIRTUAL_ENV', 'CONDA_PREFIX', 'TIDEMILL_SWEEP_ID', 'TIDEMILL_TRIAL'];
export const keyedVariables = ({ environment }: Pick<CommandSpec, 'environment'>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !unkeyed.includes(name)));

const digestOfFiles = (files: readonly JobFile[]): string =>
  digestOf(Object.fromEntries(files.map((file) => [file.path, [file.sha256, file.executable ?? false]])));

export function toKey(spec: CommandSpec, given: Given, environment: KeyedEnvironment): JobKey {
  const { packages: _, ...keyed } = environment;
  const parts: KeyParts = {
    command: digestOf(spec.command),
    code: digestOfFiles(given.code),
    environment: digestOf(keyed),
    inputs: digestOf(given.inputs),
    files: digestOfFiles(given.files),
    parameters: digestOf(spec.parameters),
    seed: digestOf(spec.seed),
    window: digestOf(spec.window ?? null),
    variables: digestOf(keyedVariables(spec)),
    locale: digestOf(given.locale),
    gpu: digestOf(spec.resources.gpu),
  };
  const asked = environment.made === null ? keyed : { system: environment.system, made: environment.made };
  return {
    ...{ key: digestOf(parts), asked: digestOf({ ...parts, environment: digestOf(asked) }) },
    ...{ parts, environment },
  };
}
