/** What a run came to, held against what it came to before. */
import type { RunComparison } from '@tidemill/contract';
import { differingCells } from './notebook-cells.ts';

export type { RunComparison } from '@tidemill/contract';

export interface ComparedFile {
  readonly path: string;
  readonly sha256: string;
  /** Of a file that names its run and its time: what it says beside that. */
  readonly text?: string | undefined;
  /** Of an executed notebook. */
  readonly cells?: readonly string[] | undefined;
}

export interface ComparedRun {
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly files: readonly ComparedFile[];
}

/** Relative: what another order of additions makes of a sum. */
const tolerance = 1e-9;

export function compareRuns(then: ComparedRun, now: ComparedRun): RunComparison {
  const metrics = compareMetrics(then.metrics, now.metrics);
  const files = compareFiles(then.files, now.files);
  // Beside a model lie plots and reports, which often hold a time; where there is no model, they are the result.
  const decisive = files.some(({ model }) => model) ? files.filter(({ model }) => model) : files;
  const isSame = metrics.every(({ verdict }) => verdict === 'equal' || verdict === 'within tolerance');
  const isEqual =
    metrics.every(({ verdict }) => verdict === 'equal') &&
    decisive.every(({ verdict }) => verdict === 'equal' || verdict === 'equal but for ids and times');
  const hasMetrics = metrics.length > 0;
  return {
    verdict: isEqual ? 'equal' : isSame && hasMetrics ? 'equal metrics' : 'different',
    metrics,
    files,
  };
}

const namesOf = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])].sort();

function compareMetrics(then: ComparedRun['metrics'], now: ComparedRun['metrics']): RunComparison['metrics'] {
  return namesOf(Object.keys(then), Object.keys(now))
    .filter((key) => !key.startsWith('system/'))
    .map((key) => {
      const pair = { key, before: then[key] ?? null, after: now[key] ?? null };
      if (!Object.hasOwn(now, key)) return { ...pair, verdict: 'missing' };
      if (!Object.hasOwn(then, key)) return { ...pair, verdict: 'new' };
      if (pair.before === pair.after) return { ...pair, verdict: 'equal' };
      return { ...pair, verdict: isNear(pair.before, pair.after) ? 'within tolerance' : 'differs' };
    });
}

const isNear = (a: number | null, b: number | null): boolean =>
  a !== null && b !== null && Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));

function compareFiles(then: ComparedRun['files'], now: ComparedRun['files']): RunComparison['files'] {
  const before = new Map(then.map((file) => [file.path, file]));
  const after = new Map(now.map((file) => [file.path, file]));
  const models = [...before.keys(), ...after.keys()]
    .filter(isDescription)
    .map((path) => path.slice(0, -'MLmodel'.length));
  const isModel = (path: string) => models.some((folder) => path.startsWith(folder));
  return namesOf([...before.keys()], [...after.keys()]).map((path) => {
    const [a, b] = [before.get(path), after.get(path)];
    const cells = a?.cells && b?.cells && differingCells(a.cells, b.cells);
    const verdict = cells?.length === 0 ? sameCells(a, b) : compareFile(a, b);
    return {
      path,
      model: isModel(path),
      verdict,
      ...(cells?.length && { cells: cells.slice(0, mostCells) }),
    };
  });
}

const mostCells = 1000;
const sameCells = (a: ComparedFile | undefined, b: ComparedFile | undefined) =>
  a?.sha256 === b?.sha256 ? 'equal' : 'equal but for ids and times';

/** The file that makes a folder a model. */
export const isDescription = (path: string): boolean => /(?:^|\/)MLmodel$/.test(path);

function compareFile(
  then: ComparedFile | undefined,
  now: ComparedFile | undefined,
): RunComparison['files'][number]['verdict'] {
  if (!now) return 'missing';
  if (!then) return 'new';
  if (then.sha256 === now.sha256) return 'equal';
  return then.text !== undefined && then.text === now.text ? 'equal but for ids and times' : 'differs';
}

const ownLines = /^(?:run_id|model_uuid|model_id|utc_time_created|artifact_path):.*\n?/gm;
/** Of an `MLmodel`: without what names the run and its time. */
export const withoutOwn = (text: string): string => text.replace(ownLines, '');
