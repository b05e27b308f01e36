/** Rows that a version is tested on, and its answers to them. */
import type { ModelVersion, Row } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Evaluations } from '../../models/evaluation/service.ts';
import type { Registry } from '../../models/registry/service.ts';
import { toScalars } from './rules.ts';

export interface ModelRowsDependencies {
  readonly analytics: Pick<Analytics, 'query'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly evaluations: Pick<Evaluations, 'run'>;
  readonly registry: Pick<Registry, 'readFile'>;
}

export interface FoundRows {
  readonly from: string;
  readonly rows: readonly Row[];
}

const longestExample = 4_000_000;

export function createModelRows({ analytics, datasets, evaluations, registry }: ModelRowsDependencies) {
  /** The first rows of a dataset version. */
  async function readDataset(reference: string, limit: number, workspace: string): Promise<FoundRows> {
    const version = await datasets.resolve(reference, workspace);
    const tables = { tested: await datasets.source(version) };
    const sql = `select * from tested limit ${limit}`;
    const { rows } = await analytics.query({ sql, tables });
    return { from: version.reference, rows };
  }

  /** The input example in the model's folder; null where it has none that is a table. */
  async function readExample(version: ModelVersion): Promise<FoundRows | null> {
    const file = version.files.find(
      ({ path, size }) => /(?:^|\/)(?:serving_)?input_example\.json$/.test(path) && size <= longestExample,
    );
    if (!file) return null;
    const rows = toExampleRows(await registry.readFile(version, file.path));
    return rows && { from: file.path, rows };
  }

  return {
    readDataset,
    readExample,

    /** Its own example, else what it learned from; null where neither is known. */
    async sample(version: ModelVersion, limit: number, workspace: string): Promise<FoundRows | null> {
      if (version.trainingSet !== null) return readDataset(version.trainingSet, limit, workspace);
      const example = await readExample(version);
      return example && { ...example, rows: example.rows.slice(0, limit) };
    },

    /** One number per row, offline. @throws evaluationInputsMissing, evaluationOutputInvalid */
    async predict(version: ModelVersion, rows: readonly Row[]): Promise<Float64Array> {
      const names = version.inputs.map(({ name }) => name);
      const known = new Set(rows.flatMap((row) => Object.keys(row)));
      const missing = names.filter((name) => !known.has(name));
      if (missing.length > 0 || names.length === 0)
        throw errors.evaluationInputsMissing({
          model: version.reference,
          dataset: 'the rows',
          missing: missing.join(', ') || '(its signature names none)',
          known: [...known].join(', '),
        });
      const columns = new Map(names.map((name) => [name, toColumn(version.reference, name, rows)]));
      return toScalars(await evaluations.run(version, rows.length, columns), rows.length);
    },
  };
}

export type ModelRows = ReturnType<typeof createModelRows>;

function toColumn(model: string, name: string, rows: readonly Row[]): Float64Array {
  return Float64Array.from(rows, (row, index) => {
    const value = row[name];
    if (value === null || value === undefined) return Number.NaN;
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
    const found = JSON.stringify(value)?.slice(0, 60) ?? typeof value;
    const reason = `'${name}' of row ${index + 1} is ${found}; models are tested on numbers only`;
    throw errors.evaluationOutputInvalid({ model, reason });
  });
}

/** As MLflow and our learners write one: columns and data, perhaps within `dataframe_split`. */
export function toExampleRows(bytes: Uint8Array): Row[] | null {
  const parsed = parse(new TextDecoder().decode(bytes));
  const table = isRecord(parsed) && isRecord(parsed.dataframe_split) ? parsed.dataframe_split : parsed;
  if (!isRecord(table) || !Array.isArray(table.columns) || !Array.isArray(table.data)) return null;
  const columns = table.columns.map(String);
  const rows = table.data.filter((each): each is unknown[] => Array.isArray(each));
  if (rows.length === 0) return null;
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
