import type { Column, FeatureView } from '@tidemill/contract';

export interface PushedColumn extends Column {
  readonly isRequired: boolean;
}

/** What a row that is pushed may hold: keys, times, features or what aggregations read, and the stream's other columns. */
export function columnsOf(view: FeatureView): PushedColumn[] {
  const typeOf = (name: string, otherwise: Column['type']) =>
    [...(view.stream?.columns ?? []), ...view.joinKeys].find((column) => column.name === name)?.type ??
    otherwise;
  const times = [view.eventTime, ...(view.createdTime === null ? [] : [view.createdTime])];
  const named = new Set([...view.entity, ...times]);
  const more = (view.stream?.columns ?? []).filter(({ name }) => !named.has(name));
  const features = view.aggregations.length === 0 ? view.features : merged(view.inputs, more);
  return [
    ...view.entity.map((name) => ({ name, type: typeOf(name, 'text'), isRequired: true })),
    ...times.map((name) => ({ name, type: typeOf(name, 'timestamp'), isRequired: true })),
    ...features.map((feature) => ({ ...feature, isRequired: false })),
  ];
}

const merged = (columns: readonly Column[], more: readonly Column[]): Column[] => [
  ...columns,
  ...more.filter(({ name }) => !columns.some((column) => column.name === name)),
];
