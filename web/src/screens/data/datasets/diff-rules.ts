import type { DatasetDiff } from '@tidemill/sdk';

/** Two versions and what names a row in both. */
export interface DiffQuery {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly key?: string;
}

/** In the address, in place of a key: whole rows are compared although the dataset has one. */
export const wholeRows = ',';

/** The key as the interface takes it: left out for the dataset's own, empty for whole rows. */
export const keyOf = (key: string | undefined): { key?: string } => {
  if (key === undefined) return {};
  return { key: key === wholeRows ? '' : key };
};

/** What is looked at: rows of one kind, the columns, or both profiles. */
export const views = ['changed', 'added', 'removed', 'columns', 'profiles'] as const;
export type View = (typeof views)[number];

/** The one in the address, else the first that has something to show. */
export function toView(asked: string | undefined, diff: DatasetDiff): View {
  const found = views.find((view) => view === asked);
  if (found) return found;
  if (diff.changed > 0) return 'changed';
  if (diff.added > 0) return 'added';
  return diff.removed > 0 ? 'removed' : 'columns';
}

/** `prices@3`, where the dataset's name may have an `@` of its own. */
export function splitReference(reference: string): { name: string; version: string } {
  const at = reference.lastIndexOf('@');
  return { name: reference.slice(0, at), version: reference.slice(at + 1) };
}
