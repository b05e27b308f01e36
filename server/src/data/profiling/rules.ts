import type { Column, ColumnKind, Profile } from '@tidemill/contract';

/** Raise it when the same rows would give another profile: those kept in the database are then computed anew. */
export const profileRevision = 3;

/** A profile as it is kept: of content, which several versions may share. */
export type KeptProfile = Omit<Profile, 'reference'>;

/** As ydata-profiling tells them apart: many or mostly different texts are text, few are categories. */
const textAbove = { distinct: 50, share: 0.5 };

export function kindOf(column: Column, count: number, distinct: number): ColumnKind {
  if (count === 0) return 'empty';
  if (column.type === 'boolean') return 'boolean';
  if (column.type === 'integer' || column.type === 'double') return 'numeric';
  if (column.type === 'date' || column.type === 'timestamp') return 'datetime';
  return distinct > textAbove.distinct || distinct > textAbove.share * count ? 'text' : 'categorical';
}
