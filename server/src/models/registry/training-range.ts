/** Between which values the inputs of a model lay in what it learned from, where its folder does not say so itself. */
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { FolderContent } from './rules.ts';

export interface TrainingRangeDependencies {
  readonly analytics: Pick<Analytics, 'query'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
}

type Ranges = FolderContent['trainingRange'];

const measured: ReadonlySet<string> = new Set(['integer', 'double', 'boolean']);
/** So many columns are measured by one query. */
const columnsAtOnce = 500;

/** Of the inputs that are numbers in a dataset version; what is missing or not finite does not count. */
export async function measureRanges(
  { analytics, datasets }: TrainingRangeDependencies,
  reference: string,
  inputs: readonly string[],
  workspace: string,
): Promise<Ranges> {
  const version = await datasets.resolve(reference, workspace);
  const source = await datasets.source(version);
  const numbers = new Set(version.columns.flatMap(({ name, type }) => (measured.has(type) ? [name] : [])));
  const names = inputs.filter((name) => numbers.has(name));
  const found: Record<string, Ranges[string]> = {};
  for (let start = 0; start < names.length; start += columnsAtOnce) {
    const some = names.slice(start, start + columnsAtOnce);
    const sql = `select ${some.map(rangeOf).join(', ')} from learned`;
    const [row = {}] = (await analytics.query({ sql, tables: { learned: source } })).rows;
    for (const [i, name] of some.entries()) {
      const [minimum, maximum] = [row[`a${i}`], row[`b${i}`]];
      if (typeof minimum === 'number' && typeof maximum === 'number') found[name] = { minimum, maximum };
    }
  }
  return found;
}

function rangeOf(name: string, i: number): string {
  const value = `cast(${quoteName(name)} as double)`;
  return ['min', 'max']
    .map((word, side) => `${word}(${value}) filter (isfinite(${value})) as ${'ab'[side]}${i}`)
    .join(', ');
}
