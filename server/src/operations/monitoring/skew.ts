/** Whether a model is served what it was trained on: the same rows value by value, and texts by how often they occur. */
import type { DatasetVersion, PredictionRecord } from '@tidemill/contract';
import type { Analytics, Cell } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';
import { categoryDrift } from '../../base/statistics/category-drift.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import { createKept } from './kept.ts';
import { type Judgement, shown, type Unit } from './rules.ts';

export interface SkewDependencies {
  readonly analytics: Pick<Analytics, 'query'>;
  readonly datasets: Pick<Datasets, 'source'>;
}

export interface SkewQuestion {
  readonly version: DatasetVersion;
  /** Columns of a record that name its entity. */
  readonly entity: readonly string[];
  readonly features: readonly string[];
  /** Newest first. */
  readonly records: readonly PredictionRecord[];
}

interface Category {
  readonly value: string;
  readonly count: number;
}

type TrainedRow = Readonly<Record<string, Cell>>;

const mostCategories = 50;
const keptCategories = 200;

/** Training sets of ours have `event_time`; in another table, its only time is meant. */
function timeColumnOf({ columns }: DatasetVersion): string | null {
  if (columns.some(({ name }) => name === 'event_time')) return 'event_time';
  const times = columns.filter(({ type }) => type === 'date' || type === 'timestamp');
  return times.length === 1 ? (times[0]?.name ?? null) : null;
}

export function createSkew({ analytics, datasets }: SkewDependencies) {
  const categories = createKept<readonly Category[]>(keptCategories, () => 1);

  /** Rows of the training set about the same entity at the same time, by `key|time`; none where it has no such columns. */
  async function sameRows({ version, entity, features, records }: SkewQuestion) {
    const rows = new Map<string, TrainedRow[]>();
    const columns = new Set(version.columns.map(({ name }) => name));
    const at = timeColumnOf(version);
    if (records.length === 0 || at === null || !entity.every((name) => columns.has(name))) return rows;
    const key = `'[' || ${entity.map((name) => `cast(to_json(${quoteName(name)}) as varchar)`).join(` || ',' || `)} || ']'`;
    const time = `cast(epoch_ms(cast(${quoteName(at)} as timestamp)) as bigint)`;
    const wanted = features
      .filter((name) => columns.has(name))
      .map((name, i) => `${quoteName(name)} as v${i}`);
    const { rows: found } = await analytics.query({
      sql: `select * from (
          select row_number() over () as n, ${time} as t, ${key} as k${wanted.map((each) => `, ${each}`).join('')}
          from reference)
        where list_contains($1, k) and list_contains($2, cast(t as varchar))`,
      parameters: [
        [...new Set(records.map((record) => record.key))],
        [...new Set(records.map((record) => String(record.eventTime)))],
      ],
      tables: { reference: await datasets.source(version) },
    });
    for (const row of found) {
      const unit = `${row.k}|${row.t}`;
      rows.set(unit, [...(rows.get(unit) ?? []), row]);
    }
    return rows;
  }

  async function compare(
    question: SkewQuestion,
  ): Promise<{ eventTime: number; judgements: Judgement[] } | null> {
    const trained = await sameRows(question);
    const columns = new Set(question.version.columns.map(({ name }) => name));
    const features = question.features.filter((name) => columns.has(name));
    const matched = question.records.filter(({ key, eventTime }) => trained.has(`${key}|${eventTime}`));
    const [newest] = matched;
    if (!newest) return null;
    const judgements = features.map((feature, i) => {
      const differing = matched.flatMap((record) => {
        const rows = trained.get(`${record.key}|${record.eventTime}`) ?? [];
        const logged = record.features[feature];
        if (logged === undefined || rows.some((row) => isEqual(logged, row[`v${i}`]))) return [];
        return [{ record, row: rows[0] as TrainedRow, trained: rows[0]?.[`v${i}`] ?? null }];
      });
      return judgeFeature(feature, question.version.reference, matched.length, differing);
    });
    return { eventTime: newest.eventTime, judgements };
  }

  /** How often each text occurs in the training set, the most frequent first. */
  function categoriesOf(version: DatasetVersion, name: string): Promise<readonly Category[]> {
    return categories.get(`${version.digest}|${name}`, async () => {
      const { rows } = await analytics.query({
        sql: `select ${quoteName(name)} as v, count(*) as n from reference where v is not null
          group by v order by n desc, v limit ${mostCategories}`,
        tables: { reference: await datasets.source(version) },
      });
      return rows.map(({ v, n }) => ({ value: String(v), count: Number(n) }));
    });
  }

  /** Units of a text column: a number for each known category, the last for all others. */
  async function watchTexts(question: SkewQuestion, name: string, rate: number) {
    const known = await categoriesOf(question.version, name);
    const codes = new Map(known.map(({ value }, i) => [value, i]));
    const reference = Float64Array.from([...known.map(({ count }) => count), 0]);
    const units = question.records.flatMap(({ key, eventTime, features }): Unit[] => {
      const value = features[name];
      return typeof value === 'string' ? [{ key, eventTime, value: codes.get(value) ?? known.length }] : [];
    });
    const judge = (window: readonly Unit[]): Judgement[] => {
      const counts = new Float64Array(known.length + 1);
      for (const { value } of window) counts[value] = (counts[value] ?? 0) + 1;
      const { value, threshold } = categoryDrift(reference, counts, rate);
      const breached = value >= threshold;
      const fresh = counts[known.length] ?? 0;
      const text = `${name} is served in other shares than trained on: chi-square ${shown(value)} (threshold ${shown(threshold)}) over ${window.length} rows, ${fresh} of them with a text that training does not have`;
      const common = { column: name, statistic: 'chi-square' as const, value, threshold, breached };
      return [{ ...common, rows: window.length, text, evidence: [] }];
    };
    return { units, judge };
  }

  return { compare, watchTexts };
}

export type Skew = ReturnType<typeof createSkew>;

interface Differing {
  readonly record: PredictionRecord;
  readonly row: TrainedRow;
  readonly trained: Cell;
}

function judgeFeature(
  feature: string,
  reference: string,
  rows: number,
  differing: readonly Differing[],
): Judgement {
  const [first] = differing;
  const text = first
    ? `${feature} was served as ${spell(first.record.features[feature])} for ${first.record.key} at ${new Date(first.record.eventTime).toISOString()}, and row ${first.row.n} of ${reference} has ${spell(first.trained)}: ${differing.length} of ${rows} same rows differ`
    : `${feature} was served as trained on in all ${rows} rows that ${reference} has too`;
  return {
    column: feature,
    statistic: 'differs',
    value: differing.length,
    threshold: 1,
    breached: differing.length > 0,
    rows,
    text,
    evidence: differing.map(({ record, row, trained }) => ({
      eventTime: record.eventTime,
      key: record.key,
      value: record.features[feature] as number,
      trained,
      row: Number(row.n),
      prediction: record.id,
    })),
  };
}

const spell = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** To the last bit; yes and no may have been served as numbers, and a time in another spelling. */
function isEqual(logged: unknown, trained: Cell | undefined): boolean {
  if (trained === undefined) return true;
  if (logged === trained) return true;
  if (logged === null || trained === null) return false;
  if (typeof logged === 'string' && typeof trained === 'string') {
    const time = Date.parse(logged);
    return !Number.isNaN(time) && /^\d{4}-\d\d-\d\d/.test(trained) && time === Date.parse(trained);
  }
  return typeof logged !== 'string' && typeof trained !== 'string' && Number(logged) === Number(trained);
}
