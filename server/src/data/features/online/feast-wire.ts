/** Feast's request for online features, and its reply: one result per feature, arrays in the order of the entities. */
import type { FeatureService, Row } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import type { Features } from '../service.ts';
import { type ReadRow, type ReadTexts, toViewRead, type ViewRead } from './read.ts';
import type { ServiceRead } from './service-reads.ts';

/** What is read for a request, prepared once. */
export interface FeastFeatures {
  readonly keys: readonly string[];
  readonly names: readonly string[];
  readonly read: { readonly views: readonly ViewRead[] } | { readonly service: ServiceRead };
  /** Where each name's value stands among those that are read. */
  readonly positions: readonly number[];
}

interface FeastRequest {
  readonly feature_service?: string | null | undefined;
  readonly features?: readonly string[] | undefined;
  readonly full_feature_names?: boolean | undefined;
}

type Reads = Pick<Features, 'viewRead' | 'serviceRead' | 'readTexts' | 'readService'>;

const memberPattern = /^(?<view>[^:@]+)(?:@v?(?<version>[^:]+))?:(?<feature>.+)$/;

/** @throws requestInvalid, featureViewNotFound, featureServiceNotFound */
export async function feastColumns(
  features: Reads,
  { feature_service: service, features: members = [], full_feature_names: isFull = false }: FeastRequest,
  { workspace }: Caller,
): Promise<FeastFeatures> {
  if (service) return ofService(await features.serviceRead(withVersion(service), workspace), isFull);
  if (members.length === 0)
    throw errors.requestInvalid({ where: 'body', problems: 'it names neither features nor feature_service' });
  return ofMembers(features, members, isFull, workspace);
}

const withVersion = (name: string): string => (name.includes('@') ? name : `${name}@latest`);

function ofService(service: ServiceRead, isFull: boolean): FeastFeatures {
  const { joinKeys, views, onDemand } = service.service;
  const names = [
    ...views.flatMap((view) => view.features.map(({ as }) => (isFull ? `${nameOf(view)}__${as}` : as))),
    ...onDemand.map(({ name }) => name),
  ];
  return {
    keys: joinKeys.map(({ name }) => name),
    names,
    read: { service },
    positions: names.map((_, i) => i),
  };
}

const nameOf = ({ reference }: FeatureService['views'][number]): string =>
  reference.split('@')[0] ?? reference;

async function ofMembers(
  features: Reads,
  members: readonly string[],
  isFull: boolean,
  workspace: string,
): Promise<FeastFeatures> {
  const wanted = members.map((text) => {
    const { view, version = 'latest', feature } = memberPattern.exec(text)?.groups ?? {};
    if (view !== undefined && feature !== undefined)
      return { view, reference: `${view}@${version}`, feature };
    throw errors.requestInvalid({ where: 'body', problems: `'${text}' is no feature; write view:feature` });
  });
  const references = [...new Set(wanted.map(({ reference }) => reference))];
  const whole = await Promise.all(references.map((reference) => features.viewRead(reference, workspace)));
  const starts = new Map<string, number>();
  let next = 0;
  const views = references.map((reference, i) => {
    const { view } = whole[i] as ViewRead;
    const names = wanted.filter((each) => each.reference === reference).map(({ feature }) => feature);
    const unknown = names.find((name) => !view.features.some((feature) => feature.name === name));
    if (unknown !== undefined) {
      const problems = `${view.reference} has no feature '${unknown}'; it has ${view.features.map(({ name }) => name).join(', ')}`;
      throw errors.requestInvalid({ where: 'body', problems });
    }
    starts.set(reference, next);
    next += names.length;
    return toViewRead(view, names);
  });
  const positions = wanted.map(({ reference }) => {
    const position = starts.get(reference) ?? 0;
    starts.set(reference, position + 1);
    return position;
  });
  return {
    keys: [...new Set(views.flatMap(({ keys }) => keys.map(({ name }) => name)))],
    names: wanted.map(({ view, feature }) => (isFull ? `${view}__${feature}` : feature)),
    read: { views },
    positions,
  };
}

const epoch = '1970-01-01T00:00:00Z';

/** As text: values are put into it as they lie in the store, without a value of each and a serialiser. */
export async function toFeastReply(
  features: Reads,
  { keys, names, read, positions }: FeastFeatures,
  { records }: { readonly records: readonly Row[] },
  now: number,
): Promise<string> {
  const onDemand = 'service' in read && read.service.onDemand !== null;
  const more = onDemand
    ? rowResults(await features.readService(read.service, records, now), positions)
    : await viewResults(
        features,
        'service' in read ? read.service.reads : read.views,
        positions,
        records,
        now,
      );
  // After the reading, which has refused what can be no key.
  const results = keys.map((key) =>
    resultText(
      records.map((record) => JSON.stringify(record[key] ?? null)),
      records.map(() => '"PRESENT"'),
      records.map(() => `"${epoch}"`).join(','),
    ),
  );
  const all = JSON.stringify({ feature_names: [...keys, ...names] });
  return `{"results":[${[...results, ...more].join(',')}],"metadata":${all}}`;
}

const resultText = (values: readonly string[], statuses: readonly string[], stamps: string): string =>
  `{"values":[${values.join(',')}],"statuses":[${statuses.join(',')}],"event_timestamps":[${stamps}]}`;

const stampOf = (time: number | null): string =>
  time === null ? `"${epoch}"` : `"${new Date(time).toISOString()}"`;

function rowResults(rows: readonly ReadRow[], positions: readonly number[]): string[] {
  return positions.map((position) =>
    resultText(
      rows.map(({ values }) => JSON.stringify(values[position] ?? null)),
      rows.map(({ statuses }) => `"${statuses[position]}"`),
      rows.map(({ eventTimes }) => stampOf(eventTimes[position] ?? null)).join(','),
    ),
  );
}

/** Features of one view share their entities' times, so these are written once. */
async function viewResults(
  features: Reads,
  views: readonly ViewRead[],
  positions: readonly number[],
  records: readonly Row[],
  now: number,
): Promise<string[]> {
  const found = await features.readTexts(views, records, now);
  const texts = views.flatMap((view, v) => {
    const rows = found[v] ?? [];
    const stamps = rows.map(({ eventTime }) => stampOf(eventTime)).join(',');
    return view.positions.map((position) => columnText(rows, position, stamps));
  });
  return positions.map((position) => texts[position] ?? '');
}

function columnText(rows: readonly ReadTexts[], position: number, stamps: string): string {
  const values: string[] = [];
  const statuses: string[] = [];
  for (const { texts, isThere, isOld } of rows) {
    const text = texts?.[position] ?? 'null';
    values.push(text);
    if (!isThere) statuses.push('"NOT_FOUND"');
    else if (text !== 'null') statuses.push('"PRESENT"');
    else statuses.push(isOld ? '"OUTSIDE_MAX_AGE"' : '"NULL_VALUE"');
  }
  return resultText(values, statuses, stamps);
}
