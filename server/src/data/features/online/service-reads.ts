/** A feature service made ready for look-ups: its views, and its features on demand compiled. */
import type { FeatureService, FeatureView, Row } from '@tidemill/contract';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import { createOnDemand, type OnDemand } from '../on-demand.ts';
import { type ReadRow, readRows, toViewRead, type ViewRead } from './read.ts';

export interface ServiceRead {
  readonly service: FeatureService;
  /** Names of the values, in order. */
  readonly features: readonly string[];
  readonly reads: readonly ViewRead[];
  readonly onDemand: OnDemand | null;
}

export async function toServiceRead(
  service: FeatureService,
  resolveView: (reference: string, workspace: string) => Promise<FeatureView>,
): Promise<ServiceRead> {
  const reads: ViewRead[] = new Array(service.views.length);
  await inParallel([...service.views.entries()], 8, async ([i, { reference, features }]) => {
    const view = await resolveView(reference, service.workspace);
    reads[i] = toViewRead(
      view,
      features.map(({ name }) => name),
    );
  });
  const inputs = [...service.joinKeys, ...service.request, ...service.outputs];
  return {
    service,
    features: service.outputs.map(({ name }) => name),
    reads,
    onDemand: service.onDemand.length === 0 ? null : createOnDemand(service.onDemand, inputs),
  };
}

/** `records` have the keys and the fields of the request. */
export async function readService(
  store: Pick<OnlineStore, 'read'>,
  { reads, onDemand, features }: ServiceRead,
  records: readonly Row[],
  at: number,
): Promise<ReadRow[]> {
  const rows = await readRows(store, reads, records, at);
  if (onDemand) for (const [i, row] of rows.entries()) addOnDemand(onDemand, features, row, records[i] ?? {});
  return rows;
}

/** Computed now and from the request, so they have no event time of their own. */
function addOnDemand(onDemand: OnDemand, features: readonly string[], row: ReadRow, record: Row): void {
  const inputs: Row = { ...record };
  for (const [i, value] of row.values.entries()) inputs[features[i] as string] = value;
  const results = onDemand.evaluate(inputs);
  for (const { name } of onDemand.columns) {
    const value = results[name] ?? null;
    row.values.push(value);
    row.statuses.push(value === null ? 'NULL_VALUE' : 'PRESENT');
    row.eventTimes.push(null);
  }
}
