import type { StoredMonitor } from './store.ts';

const comparedFields = [
  ...(['endpoint', 'view', 'kind', 'columns', 'reference', 'window', 'falseAlarmRate', 'webhook'] as const),
  ...(['interval', 'maximum', 'behind', 'automatic'] as const),
];

export const nameOfView = (reference: string): string => reference.split('@')[0] ?? reference;

/** Why a view's monitor found nothing to judge. */
export function nothingMeasured({ kind, view }: StoredMonitor): string {
  if (kind === 'parity') return `nothing of ${view} is online: materialize it first`;
  if (kind === 'feature-drift') return `${view} has too few rows to tell`;
  return kind === 'freshness' ? `${view} has no freshness objective any more` : `${view} has no rows`;
}

export function isSame(a: StoredMonitor, b: StoredMonitor): boolean {
  return comparedFields.every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]));
}
