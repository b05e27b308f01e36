import { type SearchDefinition, type SweepGoal, type SweepPruner, TidemillClientError } from '@tidemill/sdk';
import {
  type Code,
  type CommandText,
  partsOf,
  toCommandJob,
  type Wrong,
  wrongOf,
} from '../command/command-form.ts';

/** A search as it stands in a form, beside the command of its trials. */
export interface SearchText {
  /** `command`, or `outside`: asked for and told over HTTP. */
  readonly trialsAre: string;
  readonly space: string;
  /** `val_rmse:min`, one a line. */
  readonly goals: string;
  readonly sampler: string;
  readonly pruner: string;
  readonly wrapped: string;
  readonly trials: string;
  readonly minutes: string;
  readonly cost: string;
  readonly parallel: string;
  readonly searchSeed: string;
  readonly warmStart: string;
  readonly register: string;
  /** `yes` or nothing. */
  readonly cache: string;
}
export type SearchWrong = Readonly<Partial<Record<keyof SearchText | 'budget', string>>>;

export const emptySearch: SearchText = {
  ...{ trialsAre: 'command', space: '{}', goals: '', sampler: 'tpe', pruner: 'none', wrapped: '' },
  ...{ trials: '30', minutes: '', cost: '', parallel: '', searchSeed: '', warmStart: '', register: '' },
  cache: '',
};

export const exampleSpace = `{
  "lr": { "type": "float", "low": 0.00001, "high": 0.1, "log": true },
  "layers": { "type": "int", "low": 1, "high": 8 },
  "optimizer": { "type": "categorical", "choices": ["adam", "sgd"] },
  "momentum": { "type": "float", "low": 0, "high": 0.99, "if": { "optimizer": "sgd" } }
}`;

type PrunerName = SweepPruner['type'];
const ofMedian = ['startupTrials', 'warmupSteps', 'intervalSteps'];
/** The settings of each pruner, those that it must have first. */
export const prunerSettings: Readonly<Record<PrunerName, readonly string[]>> = {
  none: [],
  median: ofMedian,
  percentile: ['percentile', ...ofMedian],
  asha: ['minimumResource', 'reductionFactor', 'earlyStoppingRate'],
  hyperband: ['minimumResource', 'maximumResource', 'reductionFactor'],
  patient: ['patience', 'minimumDelta'],
};
const needed: Readonly<Partial<Record<PrunerName, string>>> = {
  percentile: 'percentile',
  patient: 'patience',
};

/** A setting's field: one of the pruner, or of the one within `patient`. */
export const settingField = (pruner: string, setting: string): string => `${pruner}.${setting}`;

interface Made {
  readonly request: SearchDefinition;
  readonly wrong: SearchWrong;
  readonly commandWrong: Wrong;
}

type Settings = Readonly<Record<string, string>>;

/** What is sent, and what cannot be, by field. */
export function toSearch(text: SearchText, command: CommandText, settings: Settings, code: Code): Made {
  const wrong: Partial<Record<keyof SearchText | 'budget', string>> = {};
  const number = (field: keyof SearchText): number | undefined => {
    if (text[field].trim() === '') return undefined;
    const value = Number(text[field]);
    if (!Number.isFinite(value)) wrong[field] = 'It must be a number';
    return value;
  };
  const { request: job, wrong: commandWrong } = toCommandJob({ ...command, parameters: '' }, code);
  const { experiment, name, parameters: _parameters, cache: _cache, ...rest } = job;
  const { register: _register, mayRegister: _mayRegister, ...trial } = rest;
  const minutes = number('minutes');
  const budget = withoutEmpty({
    trials: number('trials'),
    seconds: minutes === undefined ? undefined : minutes * 60,
    cost: number('cost'),
  });
  if (Object.keys(budget).length === 0)
    wrong.budget = 'It needs trials, minutes or a cost, or it would never end';
  const pruner = toPruner(text, settings, wrong);
  const request: SearchDefinition = {
    experiment,
    ...withoutEmpty({ name }),
    space: toSpace(text.space, wrong),
    goals: toGoals(text.goals, wrong),
    sampler: text.sampler as NonNullable<SearchDefinition['sampler']>,
    ...withoutEmpty({ pruner }),
    budget,
    ...withoutEmpty({
      parallel: number('parallel'),
      seed: number('searchSeed'),
      command: text.trialsAre === 'command' ? trial : undefined,
      warmStart: text.warmStart.trim() || undefined,
      register: text.register.trim() || undefined,
      cache: text.trialsAre === 'command' && text.cache === 'yes' ? true : undefined,
    }),
  };
  return { request, wrong, commandWrong: text.trialsAre === 'command' ? commandWrong : {} };
}

const withoutEmpty = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

type GrowingWrong = Partial<Record<keyof SearchText | 'budget', string>>;

function toSpace(text: string, wrong: GrowingWrong): SearchDefinition['space'] {
  const space = parseSpaceText(text);
  if (typeof space === 'string') wrong.space = space;
  else if (Object.keys(space).length === 0) wrong.space = 'It has no parameter yet';
  return typeof space === 'string' ? {} : space;
}

/** The object that stands there, or what is wrong with it. */
export function parseSpaceText(text: string): SearchDefinition['space'] | string {
  try {
    const value: unknown = JSON.parse(text.trim() || '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as SearchDefinition['space'];
    return 'It must be an object: {"lr": {"type": "float", "low": 0, "high": 1}}';
  } catch (error) {
    return `It is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function toGoals(text: string, wrong: GrowingWrong): SweepGoal[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) wrong.goals = 'It needs a metric and its direction, such as val_rmse:min';
  return lines.map((line) => {
    const [, metric = '', direction] = /^(.+):(min|max)(?:imize)?$/.exec(line.trim()) ?? [];
    if (metric === '') wrong.goals = `'${line.trim()}' is not of the form metric:min or metric:max`;
    return { metric, direction: direction === 'max' ? 'maximize' : 'minimize' };
  });
}

function toPruner(
  { pruner, wrapped }: SearchText,
  settings: Settings,
  wrong: GrowingWrong,
): SweepPruner | undefined {
  if (pruner === 'none') return undefined;
  const of = (name: string) => {
    const given = prunerSettings[name as PrunerName].flatMap((setting): [string, number][] => {
      const text = settings[settingField(name, setting)]?.trim() ?? '';
      if (text === '') {
        if (needed[name as PrunerName] === setting) wrong.pruner = `'${name}' needs its ${setting}`;
        return [];
      }
      if (!Number.isFinite(Number(text))) wrong.pruner = `${setting} must be a number`;
      return [[setting, Number(text)]];
    });
    return { type: name, ...Object.fromEntries(given) };
  };
  return {
    ...of(pruner),
    ...(pruner === 'patient' && wrapped !== '' && { wrapped: of(wrapped) }),
  } as SweepPruner;
}

/** A parameter of a row of the form. */
export interface ParameterText {
  readonly type: string;
  readonly name: string;
  readonly low: string;
  readonly high: string;
  readonly step: string;
  /** `log`, or nothing. */
  readonly scale: string;
  /** Comma-separated. */
  readonly choices: string;
}

export const emptyParameter: ParameterText = {
  ...{ type: 'float', name: '', low: '', high: '', step: '', scale: '', choices: '' },
};

/** The space with one parameter more, or what is missing. */
export function addParameter(
  space: string,
  row: ParameterText,
): { readonly space: string } | { readonly wrong: string } {
  const before = parseSpaceText(space);
  if (typeof before === 'string') return { wrong: `The space has to be mended first: ${before}` };
  const name = row.name.trim();
  if (name === '') return { wrong: 'It needs a name' };
  if (name in before) return { wrong: `'${name}' is in the space already` };
  if (row.type === 'categorical') {
    const choices = row.choices.split(',').map((each) => toChoice(each.trim()));
    if (row.choices.trim() === '') return { wrong: 'It needs choices, such as adam, sgd' };
    return { space: print({ ...before, [name]: { type: 'categorical', choices } }) };
  }
  const [low, high, step] = [row.low, row.high, row.step].map((text) =>
    text.trim() === '' ? undefined : Number(text),
  );
  if (low === undefined || high === undefined) return { wrong: 'It needs its lowest and its highest value' };
  if (![low, high, step ?? 0].every(Number.isFinite))
    return { wrong: 'Lowest, highest and step must be numbers' };
  const parameter = {
    ...{ type: row.type, low, high },
    ...(step !== undefined && { step }),
    ...(row.scale === 'log' && { log: true }),
  };
  return { space: print({ ...before, [name]: parameter }) };
}

function toChoice(text: string): string | number | boolean | null {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** A parameter a line. */
const print = (space: Readonly<Record<string, unknown>>): string =>
  `{\n${Object.entries(space)
    .map(
      ([name, value]) =>
        `  ${JSON.stringify(name)}: ${JSON.stringify(value).replace(/([:,{])(?=["\d[tfn-])/g, '$1 ')}`,
    )
    .join(',\n')}\n}`;

/** At which fields a refusal belongs, of the search and of its command. */
export function searchWrongOf(error: Error | null): { search: SearchWrong; command: Wrong } {
  const command = wrongOf(error);
  if (!(error instanceof TidemillClientError)) return { search: {}, command };
  const { code, message, details } = error;
  if (code === 'searchSpaceInvalid') return { search: { space: message }, command: {} };
  if (code === 'modelNameInvalid') return { search: { register: message }, command: {} };
  if (code === 'sweepNotFound') return { search: { warmStart: message }, command: {} };
  if (code === 'sweepInvalid') {
    const reason = String(details.reason ?? '');
    const field = (
      [
        [/budget/, 'budget'],
        [/stopped early/, 'pruner'],
        [/goals|metric/, 'goals'],
        [/sampler|grid|cma|sobol/, 'sampler'],
        [/warm|parameters as/, 'warmStart'],
      ] as const
    ).find(([words]) => words.test(reason))?.[1];
    if (/command|\$\{/.test(reason)) return { search: {}, command: { command: message } };
    return { search: field ? { [field]: message } : {}, command: {} };
  }
  if (code !== 'requestInvalid') return { search: {}, command };
  const search = partsOf(error).flatMap(({ path: [part = ''], problem }): [string, string][] => {
    const field = part === 'seed' ? 'searchSeed' : part;
    return field in emptySearch || field === 'budget' ? [[field, problem]] : [];
  });
  const isOfCommand = partsOf(error).some(({ path: [part] }) =>
    ['command', 'experiment', 'name'].includes(part ?? ''),
  );
  return { search: Object.fromEntries(search), command: isOfCommand ? command : {} };
}
