import { type CommandJob, type JobFile, TidemillClientError } from '@tidemill/sdk';
import { joinWords, splitWords } from '../../../lib/shell-words.ts';
import type { CommandSpec } from '../jobs/job-words.ts';

/** A command as it stands in a form. */
export interface CommandText {
  readonly experiment: string;
  readonly name: string;
  readonly command: string;
  /** One reference a line. */
  readonly inputs: string;
  /** `key=value`, one a line. */
  readonly parameters: string;
  readonly environment: string;
  readonly dependencies: string;
  readonly folder: string;
  readonly seed: string;
  readonly cpu: string;
  /** `4GiB`. */
  readonly memory: string;
  readonly gpu: string;
  readonly timeout: string;
  readonly attempts: string;
  readonly priority: string;
  readonly register: string;
  readonly mayRegister: string;
}
export type CommandField = keyof CommandText | 'code';
export type Wrong = Readonly<Partial<Record<CommandField, string>>>;

export const emptyCommand: CommandText = {
  ...{ experiment: 'Default', name: '', command: '', inputs: '', parameters: '', environment: '' },
  ...{ dependencies: '', folder: '', seed: '', cpu: '', memory: '', gpu: '', timeout: '', attempts: '' },
  ...{ priority: '', register: '', mayRegister: '' },
};

/** The files that go along, which are stored by then. */
export interface Code {
  readonly files: readonly JobFile[];
  /** Plain inputs of the job that is run again. */
  readonly inputs: readonly JobFile[];
  /** Of the same job, as long as its files are unchanged. */
  readonly revision: CommandJob['revision'] | null;
}
export const noCode: Code = { files: [], inputs: [], revision: null };

/** What is sent, and what cannot be, by field. */
export function toCommandJob(text: CommandText, code: Code): { request: CommandJob; wrong: Wrong } {
  const wrong: Partial<Record<CommandField, string>> = {};
  const words = splitWords(text.command);
  if (words === null) wrong.command = 'A quote is not closed';
  const pairs = (field: 'parameters' | 'environment'): [string, string][] =>
    toLines(text[field]).map((line) => {
      const equal = line.indexOf('=');
      if (equal < 1) wrong[field] = `'${line}' is not of the form key=value`;
      return [line.slice(0, Math.max(0, equal)), line.slice(equal + 1)];
    });
  const number = (field: keyof CommandText): number | undefined => {
    if (text[field].trim() === '') return undefined;
    const value = Number(text[field]);
    if (!Number.isFinite(value)) wrong[field] = 'It must be a number';
    return value;
  };
  const memoryBytes = toBytes(text.memory);
  if (memoryBytes === null) wrong.memory = 'A size such as 4GiB or 500MB';
  const parameters = pairs('parameters').map(([key, value]) => [key, toValue(value)] as const);
  const environment = pairs('environment');
  const inputs = toLines(text.inputs);
  const resources = { cpu: number('cpu'), memoryBytes: memoryBytes ?? undefined, gpu: number('gpu') };
  const folder = text.folder.trim();
  const request: CommandJob = {
    ...withoutEmpty({ experiment: text.experiment.trim(), command: words ?? [] }),
    ...withoutEmpty({
      name: text.name.trim() || undefined,
      code: folder === '' && code.files.length > 0 ? [...code.files] : undefined,
      revision: (folder === '' && code.revision) || undefined,
      workingDirectory: folder || undefined,
      files: code.inputs.length > 0 ? [...code.inputs] : undefined,
      inputs: inputs.length > 0 ? inputs : undefined,
      parameters: parameters.length > 0 ? Object.fromEntries(parameters) : undefined,
      environment: environment.length > 0 ? Object.fromEntries(environment) : undefined,
      dependencies: text.dependencies.trim() || undefined,
      seed: number('seed'),
      resources: Object.values(resources).some((value) => value !== undefined)
        ? withoutEmpty(resources)
        : undefined,
      priority: number('priority'),
      timeoutSeconds: number('timeout'),
      maximumAttempts: number('attempts'),
      register: text.register.trim() || undefined,
      mayRegister: text.mayRegister.trim() || undefined,
    }),
  } as CommandJob;
  return { request, wrong };
}

const withoutEmpty = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

const toLines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** `0.1` is a number, `true` a truth, anything else a text. */
function toValue(text: string): string | number | boolean | null {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  return text.trim() !== '' && /^-?(\d|\.\d)/.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : text;
}

const sizes: Readonly<Record<string, number>> = {
  ...{ B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
};

/** Undefined where nothing stands, null where it is no size. */
function toBytes(text: string): number | null | undefined {
  if (text.trim() === '') return undefined;
  const [, count, unit = 'B'] = /^(\d+(?:\.\d+)?)\s*(B|[KMG]i?B)?$/.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(count) * (sizes[unit] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** A job as the form takes it, to be run again with changes. */
export function toCommandText(spec: CommandSpec): CommandText {
  const { resources, environment = {}, parameters = {} } = spec;
  const { TIDEMILL_SWEEP_ID: _sweep, TIDEMILL_TRIAL: _trial, ...own } = environment;
  const text = (value: unknown) => (value === null || value === undefined ? '' : String(value));
  const lines = (pairs: Readonly<Record<string, unknown>>) =>
    Object.entries(pairs)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n');
  return {
    ...{ experiment: spec.experiment, name: text(spec.name), command: joinWords(spec.command) },
    ...{ inputs: (spec.inputs ?? []).join('\n'), parameters: lines(parameters), environment: lines(own) },
    dependencies: spec.dependencies === 'auto' ? '' : text(spec.dependencies),
    folder: text(spec.workingDirectory),
    seed: text(spec.seed),
    cpu: resources.cpu === 1 ? '' : text(resources.cpu),
    memory: toSize(resources.memoryBytes),
    gpu: resources.gpu === 0 ? '' : text(resources.gpu),
    timeout: text(spec.timeoutSeconds),
    attempts: spec.maximumAttempts === 1 ? '' : text(spec.maximumAttempts),
    priority: spec.priority === 0 ? '' : text(spec.priority),
    register: text(spec.register),
    mayRegister: text(spec.mayRegister),
  };
}

function toSize(bytes: number | null): string {
  if (bytes === null) return '';
  const unit = (['GiB', 'MiB', 'KiB', 'GB', 'MB'] as const).find((each) => bytes % (sizes[each] ?? 1) === 0);
  return unit ? `${bytes / (sizes[unit] ?? 1)}${unit}` : String(bytes);
}

const fieldOfCode: Readonly<Record<string, CommandField>> = {
  ...{ datasetNotFound: 'inputs', datasetVersionNotFound: 'inputs', referenceInvalid: 'inputs' },
  ...{ modelNotFound: 'inputs', modelVersionNotFound: 'inputs', modelAliasNotFound: 'inputs' },
  ...{ environmentFileInvalid: 'dependencies', jobEnvironmentInvalid: 'environment' },
  ...{ trackingValueInvalid: 'parameters', jobFileInvalid: 'code', jobFileMissing: 'code' },
};

const fieldOfPart: Readonly<Record<string, CommandField>> = {
  ...{
    experiment: 'experiment',
    name: 'name',
    command: 'command',
    code: 'code',
    revision: 'code',
    files: 'code',
  },
  ...{ workingDirectory: 'folder', inputs: 'inputs', parameters: 'parameters', seed: 'seed' },
  ...{ environment: 'environment', dependencies: 'dependencies', priority: 'priority', cpu: 'cpu' },
  ...{ memoryBytes: 'memory', gpu: 'gpu', timeoutSeconds: 'timeout', maximumAttempts: 'attempts' },
  ...{ register: 'register', mayRegister: 'mayRegister' },
};

/** At which fields a refusal of the server belongs; none: it concerns all of it. */
export function wrongOf(error: Error | null): Wrong {
  if (!(error instanceof TidemillClientError)) return {};
  const { code, details, message } = error;
  if (code === 'jobTooLarge') {
    const field = fieldOfPart[String(details.resource)];
    return field ? { [field]: message } : {};
  }
  const field = fieldOfCode[code];
  if (field) return { [field]: message };
  if (code !== 'requestInvalid') return {};
  const found = partsOf(error).flatMap(({ path, problem }) => {
    const part = [...path].reverse().find((name) => name in fieldOfPart);
    const at = part && fieldOfPart[part];
    return at ? [[at, problem] as const] : [];
  });
  return Object.fromEntries(found.reverse());
}

/** `/resources/cpu must be > 0; /priority …` by path. */
export const partsOf = ({ details }: TidemillClientError): { path: string[]; problem: string }[] =>
  String(details.problems ?? '')
    .split('; ')
    .map((each) => {
      const [path = '', ...rest] = each.split(' ');
      return { path: path.split('/').slice(1), problem: rest.join(' ') };
    });
