import { join } from 'node:path';
import type { Column, FeatureService } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import { quoteName } from '../../base/sql-text.ts';
import { onDemandInputs } from './catalogue/service-members.ts';
import type { OnDemandOrder } from './on-demand-file.ts';
import { rowColumn } from './view-join.ts';

export interface OnDemandRows {
  readonly analytics: Analytics;
  readonly compute: Pick<Compute, 'compute'>;
  /** Where files in between may lie. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}

/** Adds a service's features on demand to a file of rows, before their last columns; the evaluator is that of look-ups. */
export async function addOnDemand(
  { analytics, compute, folder, signal }: OnDemandRows,
  service: Pick<FeatureService, 'onDemand' | 'views' | 'joinKeys' | 'request'>,
  path: string,
  behind: readonly string[],
): Promise<string> {
  const { columns: all } = await analytics.describeFile(path);
  const inputs = onDemandInputs(service);
  const numbered = {
    paths: [path],
    locator: { name: rowColumn, starts: [0], columns: all },
  };
  const from = join(folder, 'inputs.ndjson');
  await analytics.copyLines({
    sql: `select to_json(struct_pack(${inputFields(inputs, all)})) as line from _rows order by ${quoteName(rowColumn)}`,
    tables: { _rows: numbered },
    to: from,
    ...(signal && { signal }),
  });
  const order: OnDemandOrder = {
    features: service.onDemand,
    inputs,
    from,
    to: join(folder, 'on-demand.ndjson'),
  };
  const module = new URL('./on-demand-file.ts', import.meta.url);
  await compute.compute({ module, name: 'evaluateFile', input: order }, signal ? { signal } : {});
  const made = service.onDemand.map(({ name, type }) => ({ name, type }));
  const to = join(folder, 'with-on-demand.parquet');
  const first = all.map(({ name }) => name).filter((name) => !behind.includes(name));
  const selected = [
    ...first.map((name) => `r.${quoteName(name)}`),
    ...made.map(({ name }) => `d.${quoteName(name)}`),
    ...behind.map((name) => `r.${quoteName(name)}`),
  ];
  const key = quoteName(rowColumn);
  await analytics.copy({
    sql: `select ${selected.join(', ')} from _rows r left join _made d on r.${key} = d.${key} order by r.${key}`,
    tables: {
      _rows: numbered,
      _made: { paths: [], lines: [order.to], columns: [{ name: rowColumn, type: 'integer' }, ...made] },
    },
    to,
    ...(signal && { signal }),
  });
  return to;
}

/** What JSON cannot hold is null to expressions anyway. */
function inputFields(inputs: readonly Column[], all: readonly Column[]): string {
  const types = new Map(all.map(({ name, type }) => [name, type]));
  const fields = inputs
    .filter(({ name }) => types.has(name))
    .map(({ name }) => {
      const column = quoteName(name);
      return types.get(name) === 'double'
        ? `${column} := case when isfinite(${column}) then ${column} end`
        : `${column} := ${column}`;
    });
  return [`${quoteName(rowColumn)} := ${quoteName(rowColumn)}`, ...fields].join(', ');
}
