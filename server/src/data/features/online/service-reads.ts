/** A feature service made ready for look-ups: its views, and its features on demand compiled. */
import type { FeatureService, FeatureStatus, FeatureView, Row } from '@tidemill/contract';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import { createOnDemand, type OnDemand } from '../on-demand.ts';
import { type ReadRow, type ReadTimes, readRows, toViewRead, type ViewRead } from './read.ts';

export interface ServiceRead {
  readonly service: FeatureService;
  /** Names of the values, in order. */
  readonly features: readonly string[];
  readonly reads: readonly ViewRead[];
  readonly onDemand: OnDemand | null;
  /** Of each feature on demand: where the features that it reads stand among `features`. */
  readonly sources: readonly (readonly number[])[];
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
  const features = service.outputs.map(({ name }) => name);
  const onDemand = service.onDemand.length === 0 ? null : createOnDemand(service.onDemand, inputs);
  const sources = (onDemand?.columns ?? []).map(({ reads: names }) =>
    names.map((name) => features.indexOf(name)).filter((position) => position !== -1),
  );
  return { service, features, reads, onDemand, sources };
}

/** `records` have the keys and the fields of the request. */
export async function readService(
  store: Pick<OnlineStore, 'read'>,
  read: ServiceRead,
  records: readonly Row[],
  times: ReadTimes,
): Promise<ReadRow[]> {
  const rows = await readRows(store, read.reads, records, times);
  const { onDemand } = read;
  if (onDemand) for (const [i, row] of rows.entries()) addOnDemand(onDemand, read, row, records[i] ?? {});
  return rows;
}

/** Computed now and from the request, so they have no event time of their own. */
function addOnDemand(
  onDemand: OnDemand,
  { features, sources }: Pick<ServiceRead, 'features' | 'sources'>,
  row: ReadRow,
  record: Row,
): void {
  const inputs: Row = { ...record };
  for (const [i, value] of row.values.entries()) inputs[features[i] as string] = value;
  const results = onDemand.evaluate(inputs);
  for (const [i, { name }] of onDemand.columns.entries()) {
    const value = results[name] ?? null;
    row.values.push(value);
    row.statuses.push(value === null ? whyNull(row.statuses, sources[i] ?? []) : 'PRESENT');
    row.eventTimes.push(null);
  }
}

/** What all the features that it reads lack in the same way, it lacks in that way too. */
function whyNull(statuses: readonly FeatureStatus[], sources: readonly number[]): FeatureStatus {
  const [first, ...others] = new Set(sources.map((position) => statuses[position]));
  return first === undefined || first === 'PRESENT' || others.length > 0 ? 'NULL_VALUE' : first;
}
