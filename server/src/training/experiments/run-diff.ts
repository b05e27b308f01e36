/** What tells two runs apart. */
import type { RunDiff } from '@tidemill/contract';
import type { KeyValue } from '../../base/key-value.ts';
import { finiteOrNull, type RunRecord, toRunInput } from './rules.ts';

/** A run with the packages of its models, by name. */
export interface ComparedRun {
  readonly run: RunRecord;
  readonly packages: ReadonlyMap<string, string>;
}

interface TextPair {
  readonly key: string;
  readonly a: string | null;
  readonly b: string | null;
}

const codeTags: Readonly<Record<string, string>> = {
  'mlflow.source.git.commit': 'commit',
  'mlflow.source.git.branch': 'branch',
  'mlflow.source.git.repoURL': 'repository',
  'mlflow.source.git.diff': 'diff',
  'mlflow.source.git.dirty': 'dirty',
  'mlflow.source.name': 'source',
};
const note = 'mlflow.note.content';

/** Only what differs, unless `isFull`; what is equal is counted in either case. */
export function diffRuns(a: ComparedRun, b: ComparedRun, isFull: boolean): RunDiff {
  const section = (entries: readonly TextPair[]) => keepDifferent(entries, isFull, ({ a, b }) => a === b);
  return {
    a: toHead(a.run),
    b: toHead(b.run),
    parameters: section(pairTexts(toTexts(a.run.parameters), toTexts(b.run.parameters))),
    metrics: diffMetrics(a.run, b.run, isFull),
    tags: section(pairTexts(toTexts(a.run.tags.filter(isTelling)), toTexts(b.run.tags.filter(isTelling)))),
    code: section(pairTexts(toCode(a.run.tags), toCode(b.run.tags))),
    packages: section(pairTexts(a.packages, b.packages)),
    data: keepDifferent(
      pairInputs(a.run, b.run),
      isFull,
      ({ a, b }) => a !== null && b !== null && isSameInput(a, b),
    ),
  };
}

const toHead = ({ id, name, status, experimentId }: RunRecord) => ({ id, name, status, experimentId });

const toTexts = (list: readonly KeyValue[]): Map<string, string> =>
  new Map(list.map(({ key, value }) => [key, value]));

/** What clients write about themselves, and what has a section of its own, would only be noise. */
const isTelling = ({ key }: KeyValue): boolean => !key.startsWith('mlflow.') || key === note;

const toCode = (tags: readonly KeyValue[]): Map<string, string> =>
  new Map(
    tags.flatMap(({ key, value }) => {
      const word = codeTags[key];
      return word ? [[word, value] as const] : [];
    }),
  );

const keysOf = (...maps: readonly ReadonlyMap<string, unknown>[]): string[] =>
  [...new Set(maps.flatMap((map) => [...map.keys()]))].sort();

const pairTexts = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): TextPair[] =>
  keysOf(a, b).map((key) => ({ key, a: a.get(key) ?? null, b: b.get(key) ?? null }));

function diffMetrics(a: RunRecord, b: RunRecord, isFull: boolean) {
  const before = new Map(a.metrics.map(({ key, value }) => [key, value]));
  const after = new Map(b.metrics.map(({ key, value }) => [key, value]));
  const entries = keysOf(before, after).map((key) => {
    const [left, right] = [before.get(key), after.get(key)];
    const difference = left === undefined || right === undefined ? null : finiteOrNull(right - left);
    return { key, a: toNumber(left), b: toNumber(right), difference };
  });
  // By the values themselves: null stands for a NaN, an infinity and a metric that is not there.
  return keepDifferent(entries, isFull, ({ key }) => Object.is(before.get(key), after.get(key)));
}

const toNumber = (value: number | undefined): number | null =>
  value === undefined ? null : finiteOrNull(value);

function keepDifferent<E>(entries: readonly E[], isFull: boolean, isEqual: (entry: E) => boolean) {
  const different = entries.filter((entry) => !isEqual(entry));
  return { entries: isFull ? [...entries] : different, equal: entries.length - different.length };
}

type Input = ReturnType<typeof toRunInput>;
interface InputPair {
  readonly name: string;
  readonly a: Input | null;
  readonly b: Input | null;
}

/** First what both read, then by name and purpose: another version of the same. */
function pairInputs(a: RunRecord, b: RunRecord): InputPair[] {
  const rest = b.inputs.map(toRunInput);
  const take = (isWanted: (input: Input) => boolean): Input | null => {
    const place = rest.findIndex(isWanted);
    return place < 0 ? null : (rest.splice(place, 1)[0] ?? null);
  };
  const left = a.inputs.map(toRunInput);
  const same = new Map(left.map((input) => [input, take((other) => isSameInput(input, other))]));
  const pairs = left.map((input) => ({
    name: input.name,
    a: input,
    b:
      same.get(input) ??
      take((other) => other.name === input.name && other.context === input.context) ??
      take((other) => other.name === input.name),
  }));
  return [...pairs, ...rest.map((input) => ({ name: input.name, a: null, b: input }))];
}

const isSameInput = (a: Input, b: Input): boolean =>
  a.name === b.name && a.digest === b.digest && a.source === b.source && a.context === b.context;
