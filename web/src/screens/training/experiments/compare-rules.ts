/** How runs are held side by side. */
import type { Run } from '@tidemill/sdk';

/** A run with the name it goes by among the others. */
export interface ComparedRun {
  readonly run: Run;
  readonly name: string;
}

type Values<V> = Readonly<Record<string, V>>;

export interface Row<V> {
  readonly key: string;
  /** One per run, in the order of the runs. */
  readonly values: readonly (V | undefined)[];
  readonly isDifferent: boolean;
}

/** A row per key that any of them has; what one lacks differs from what another has. */
export function toRows<V>(runs: readonly Values<V>[]): Row<V>[] {
  const keys = [...new Set(runs.flatMap((values) => Object.keys(values)))].sort();
  return keys.map((key) => {
    const values = runs.map((run) => (Object.hasOwn(run, key) ? run[key] : undefined));
    return { key, values, isDifferent: values.some((value) => value !== values[0]) };
  });
}

const lowerWords =
  /loss|error|(^|[^a-z])(mae|mse|rmse|mape|smape|wape|msle|rmsle|nll|logloss|perplexity|brier)([^a-z]|$)/;
const higherWords =
  /acc(uracy)?|auc|r2|(^|[^a-z])(f1|map|ndcg|recall|precision|score|bleu|rouge|iou|dice|mcc)([^a-z]|$)/;

export type Direction = 'lowest' | 'highest';

/** Which end of a metric is good, where its name says it. */
export function findDirection(key: string): Direction | null {
  const name = key.toLowerCase();
  if (lowerWords.test(name)) return 'lowest';
  return higherWords.test(name) ? 'highest' : null;
}

/** The best of a row: null where its name does not say what is good, or all are equal. */
export function findBest(row: Row<number | null>): number | null {
  const direction = findDirection(row.key);
  const known = row.values.filter((value) => value !== null && value !== undefined);
  if (!direction || known.length < 2 || !row.isDifferent) return null;
  return direction === 'lowest' ? Math.min(...known) : Math.max(...known);
}

/** Names for a legend, where two of one name would be one line. */
export function toUniqueNames(runs: readonly { readonly id: string; readonly name: string }[]): string[] {
  const counts = Map.groupBy(runs, (run) => run.name);
  return runs.map(({ id, name }) =>
    (counts.get(name)?.length ?? 0) > 1 ? `${name} (${id.slice(0, 6)})` : name,
  );
}

export const parseIds = (text: string | undefined, most: number): string[] =>
  [...new Set((text ?? '').split(',').filter((id) => /^[\w-]{1,256}$/.test(id)))].slice(0, most);

/** A run's own metrics by name, then those of the machine it ran on. */
export const toMetricOrder = (names: readonly string[]): string[] => [
  ...names.filter((name) => !isSystem(name)).sort(),
  ...names.filter(isSystem).sort(),
];

export const isSystem = (name: string): boolean => name.startsWith('system/');
