/** How a push was understood, where the sender may have meant something else. */
import type { FeatureView, Row } from '@tidemill/contract';
import { isNaive } from './instants.ts';
import { columnsOf } from './pushed-columns.ts';

interface SentPush {
  readonly rows: readonly Row[];
  readonly to: 'online' | 'offline' | 'online_and_offline';
  readonly key: string | undefined;
}

export function pushNotices(view: FeatureView, { rows, to, key }: SentPush): string[] {
  const times = columnsOf(view).filter(({ type }) => type === 'timestamp');
  const naive = times.flatMap(({ name }) => {
    const count = rows.reduce((sum, row) => sum + (isNaive(row[name]) ? 1 : 0), 0);
    if (count === 0) return [];
    return `${count} of ${rows.length} times in '${name}' have no zone and were read as UTC; send 2023-08-31T00:00:00Z or +02:00.`;
  });
  const { aggregations, createdTime, reference } = view;
  if (aggregations.length === 0 || createdTime !== null || to !== 'online' || key !== undefined) return naive;
  return [
    ...naive,
    `'${reference}' has no createdTime, so each row is an event of its own: sent again, these count again. Give the push a key, or the view a createdTime.`,
  ];
}
