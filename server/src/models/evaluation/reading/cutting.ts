/** Which columns cut the rows into slices, and how. */
import type { Column } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { CuttingColumn } from '../judgement/rows.ts';
import { columnOf, commonValues, mostValues, type Reading } from './columns.ts';
import type { JudgedTable } from './judged-table.ts';

const mostSlices = 50;
const mostWholeNumbers = 20;
/** Columns searched in pairs when none is named. */
const mostSearched = 12;
const others = 'other values';

export interface PlannedCut {
  readonly name: string;
  readonly kind: CuttingColumn['kind'];
  readonly labels: readonly string[];
  /** Place among what is read. */
  readonly at: number;
}

export interface CuttingPlan {
  readonly cuts: readonly PlannedCut[];
  readonly slices: readonly string[];
  readonly search: readonly string[];
  readonly notes: readonly string[];
}

export interface CuttingRequest {
  readonly slices?: readonly string[] | undefined;
  readonly search?: readonly string[] | undefined;
  /** Columns with another part, which are not searched unless named. */
  readonly used: ReadonlySet<string>;
}

type Engine = Pick<Analytics, 'query'>;

/** @throws datasetColumnNotFound */
export async function planCuts(
  analytics: Engine,
  table: JudgedTable,
  request: CuttingRequest,
  reading: Reading,
  signal: AbortSignal,
): Promise<CuttingPlan> {
  const slices = [...new Set(request.slices ?? [])];
  const named = [...new Set([...slices, ...(request.search ?? [])])].map((name) => columnOf(table, name));
  const room = Math.floor(mostValues / 2 / Math.max(1, table.rows)) - named.length;
  const free = request.search
    ? []
    : table.columns.filter(({ name }) => !request.used.has(name) && !slices.includes(name));
  const cuts: PlannedCut[] = [];
  for (const column of named) cuts.push(await planCut(analytics, table, column, reading, signal));
  const searched = request.search ? [...new Set(request.search)] : [...slices];
  const skipped: string[] = [];
  for (const column of free) {
    if (cuts.length - named.length >= room || searched.length >= mostSearched) {
      skipped.push(column.name);
      continue;
    }
    const cut = await planSearched(analytics, table, column, reading, signal);
    if (!cut) continue;
    cuts.push(cut);
    searched.push(column.name);
  }
  const notes =
    skipped.length === 0
      ? []
      : [
          `Not searched for the worst slices: ${skipped.join(', ')} (${mostSearched} columns at most); name columns in 'search' to choose.`,
        ];
  return { cuts, slices, search: searched, notes };
}

/** Texts of many values are keys rather than groups: nothing to search in. */
async function planSearched(
  analytics: Engine,
  table: JudgedTable,
  column: Column,
  reading: Reading,
  signal: AbortSignal,
): Promise<PlannedCut | null> {
  if (column.type !== 'text') return planCut(analytics, table, column, reading, signal);
  const values = await commonValues(analytics, table, column, mostSlices + 1, signal);
  if (values.length > mostSlices) return null;
  return byValues(column, values, reading);
}

/** Numbers and times as they are, the values of others as codes. */
export async function planCut(
  analytics: Engine,
  table: JudgedTable,
  column: Column,
  reading: Reading,
  signal: AbortSignal,
): Promise<PlannedCut> {
  const { name, type } = column;
  if (type === 'date' || type === 'timestamp') {
    const at = reading.add(`cast(epoch_us(cast(${quoteName(name)} as timestamp)) as double)`);
    return { name, kind: 'time', labels: [], at };
  }
  if (type === 'double') return byNumber(column, reading);
  const most = type === 'integer' ? mostWholeNumbers : mostSlices;
  const values = await commonValues(analytics, table, column, most + 1, signal);
  if (type === 'integer' && values.length > most) return byNumber(column, reading);
  return byValues(column, values, reading);
}

function byNumber({ name }: Column, reading: Reading): PlannedCut {
  const value = `cast(${quoteName(name)} as double)`;
  const at = reading.add(`case when not isnan(${value}) then ${value} end`);
  return { name, kind: 'number', labels: [], at };
}

function byValues(column: Column, values: readonly string[], reading: Reading): PlannedCut {
  const listed = values.slice(0, mostSlices);
  const isWhole = values.length <= mostSlices;
  const at = reading.addPlace(column, listed, isWhole ? undefined : listed.length);
  const labels = isWhole ? listed : [...listed, others];
  return { name: column.name, kind: 'codes', labels, at };
}
