/** Acceptance: what must be true of the answers, as the project file says. */
import type { AcceptanceCase, ModelVersion, Row } from '@tidemill/contract';
import { TidemillError } from '../../../base/errors.ts';
import { compileExpression } from '../../../base/expressions/cel.ts';
import { check, count, type Finding, failed, passed, shownRows } from '../checks.ts';
import type { FoundRows, ModelRows } from '../model-rows.ts';
import type { Scope, ScopeWork } from './scope.ts';

const defaultLimit = 1000;
const defaultTolerance = 1e-6;
/** Columns of a failing row that are shown. */
const shownColumns = 12;

export function createAcceptanceScope({ rows }: { readonly rows: ModelRows }): Scope {
  async function readRows(each: AcceptanceCase, { version, caller }: ScopeWork): Promise<FoundRows | null> {
    if (each.rows) return { from: 'its rows', rows: each.rows };
    const dataset = each.dataset ?? version.trainingSet;
    return dataset === null ? null : rows.readDataset(dataset, each.limit ?? defaultLimit, caller.workspace);
  }

  async function runCase(each: AcceptanceCase, work: ScopeWork): Promise<Finding> {
    const { version } = work;
    const found = await readRows(each, work);
    if (!found)
      return failed(
        `what ${version.reference} learned from is not known: give the case 'rows' or a 'dataset'`,
      );
    const problem = findUnknown(each, version, found);
    if (problem !== null) return failed(problem);
    const { where } = each;
    const kept = where === undefined ? found.rows : found.rows.filter((row) => evaluate(where, row) === true);
    if (kept.length === 0)
      return failed(
        `no row of ${found.from} is left${where === undefined ? '' : ` where ${where}`}: a case about nothing proves nothing`,
      );
    const before = await rows.predict(version, kept);
    if (each.holds !== undefined) return judgeHeld(each, each.holds, kept, before);
    const { change = {} } = each;
    const changed = kept.map((row) => changeRow(row, change));
    const unchanged = kept.filter((row, i) =>
      Object.keys(change).every((name) => changed[i]?.[name] === row[name]),
    );
    if (unchanged.length === kept.length)
      return failed(`the change leaves ${count(kept.length)} as they are, so it proves nothing`, {
        rows: unchanged,
      });
    return judgeChange(each, version, kept, changed, before, await rows.predict(version, changed));
  }

  return async (work) => {
    const checks = [];
    for (const each of work.cases.acceptance)
      checks.push(await check(each.name, work.signal, () => runCase(each, work)));
    return checks;
  };
}

/** A name that is misspelt, or an input that the model does not have: such a case could not fail. */
function findUnknown(each: AcceptanceCase, version: ModelVersion, { from, rows }: FoundRows): string | null {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const inputs = version.inputs.map(({ name }) => name);
  for (const name of Object.keys(each.change ?? {}))
    if (!inputs.includes(name))
      return `'${name}' is no input of ${version.reference}, so changing it changes nothing; its inputs are ${inputs.join(', ')}`;
  const texts = [each.where, each.holds, ...Object.values(each.change ?? {})];
  for (const text of texts) {
    if (text === undefined) continue;
    const known = text === each.holds ? [...columns, 'prediction'] : columns;
    const unknown = compileExpression(text).names.find((name) => !known.includes(name));
    if (unknown !== undefined)
      return `'${text}' reads '${unknown}', but ${from} has ${columns.join(', ') || 'no columns'}`;
  }
  return null;
}

/** Null where it cannot be told for this row. */
function evaluate(text: string, row: Row): unknown {
  try {
    return compileExpression(text).evaluate(row);
  } catch (error) {
    if (error instanceof TidemillError && error.code === 'expressionFailed') return null;
    throw error;
  }
}

const changeRow = (row: Row, change: Readonly<Record<string, string>>): Row => ({
  ...row,
  ...Object.fromEntries(Object.entries(change).map(([name, text]) => [name, evaluate(text, row)])),
});

function judgeHeld(each: AcceptanceCase, holds: string, kept: readonly Row[], before: Float64Array): Finding {
  const wrong = kept.flatMap((row, i): Row[] => {
    const prediction = before[i] ?? Number.NaN;
    const isHeld = Number.isFinite(prediction) && evaluate(holds, { ...row, prediction }) === true;
    return isHeld
      ? []
      : [{ prediction: finiteOrNull(prediction), ...pick(row, compileExpression(holds).names) }];
  });
  return verdict(each, kept.length, wrong, holds);
}

function judgeChange(
  each: AcceptanceCase,
  version: ModelVersion,
  kept: readonly Row[],
  changed: readonly Row[],
  before: Float64Array,
  after: Float64Array,
): Finding {
  const { expect, tolerance = defaultTolerance, change = {} } = each;
  const changedNames = Object.keys(change);
  const moves = kept.map((_, i) => (after[i] ?? Number.NaN) - (before[i] ?? Number.NaN));
  const isRight = (i: number): boolean => {
    const move = moves[i] ?? Number.NaN;
    const slack = tolerance * Math.max(1, Math.abs(before[i] ?? 0));
    if (expect === 'increase') return move > slack;
    if (expect === 'decrease') return move < -slack;
    if (expect === 'not-increase') return move <= slack;
    if (expect === 'not-decrease') return move >= -slack;
    return Math.abs(move) <= slack;
  };
  const wrong = kept.flatMap((row, i): Row[] => {
    if (isRight(i)) return [];
    const shown = pick(
      row,
      version.inputs.map(({ name }) => name),
    );
    const to = Object.fromEntries(
      changedNames.map((name) => [`${name} becomes`, changed[i]?.[name] ?? null]),
    );
    return [{ prediction: finiteOrNull(before[i]), after: finiteOrNull(after[i]), ...to, ...shown }];
  });
  const told = changedNames.map((name) => `${name} becomes ${change[name]}`).join(', ');
  const wanted =
    expect === undefined
      ? `the prediction stays (within ${tolerance})`
      : `the prediction must ${words[expect]}`;
  const finite = moves.filter(Number.isFinite);
  const numbers = {
    meanChange: finite.reduce((sum, move) => sum + move, 0) / finite.length,
    largestChange: finite.reduce((most, move) => Math.max(most, Math.abs(move)), 0),
    tolerance,
  };
  return verdict(each, kept.length, wrong, `when ${told}, ${wanted}`, numbers);
}

const words = {
  increase: 'increase',
  decrease: 'decrease',
  'not-increase': 'not increase',
  'not-decrease': 'not decrease',
} as const;

function verdict(
  { share = 1 }: AcceptanceCase,
  rows: number,
  wrong: readonly Row[],
  rule: string,
  more: Readonly<Record<string, number>> = {},
): Finding {
  const right = rows - wrong.length;
  const numbers = { rows, failed: wrong.length, share: right / rows, wantedShare: share, ...more };
  const told = `${right} of ${count(rows)}: ${rule}`;
  return right >= share * rows
    ? passed(told, numbers)
    : failed(told, { numbers, rows: wrong.slice(0, shownRows) });
}

const pick = (row: Row, names: readonly string[]): Row =>
  Object.fromEntries(
    names
      .filter((name) => Object.hasOwn(row, name))
      .slice(0, shownColumns)
      .map((name) => [name, row[name]]),
  );

const finiteOrNull = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
