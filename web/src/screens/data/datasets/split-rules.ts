import type { InputOf } from '../../../lib/client.ts';
import { filled } from '../../../lib/use-fields.ts';

export const splitFields = {
  by: 'row',
  columns: '',
  shares: 'train=0.8, test=0.2',
  stratify: '',
  seed: '0',
  split: '',
} as const;
export type SplitFields = Readonly<Record<keyof typeof splitFields, string>>;

export const namesOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** `train=0.8, test=0.2` as parts; a share that is no number is NaN. */
export const toParts = (text: string): { name: string; share: number }[] =>
  namesOf(text).map((part) => {
    const at = part.lastIndexOf('=');
    const share = at < 0 ? '' : part.slice(at + 1).trim();
    return { name: part.slice(0, Math.max(0, at)).trim(), share: share === '' ? Number.NaN : Number(share) };
  });

export type SplitInput = InputOf<'datasets', 'split'>;

/** What is sent: by row there is no column, and an empty field is left out. */
export function toSplit(name: string, version: string, fields: SplitFields): SplitInput {
  const by = fields.by as SplitInput['by'];
  const columns = by === 'row' ? [] : namesOf(fields.columns);
  const seed = Number(fields.seed);
  return {
    name,
    version,
    by,
    ...(columns.length > 0 && { columns }),
    ...filled(fields, ['stratify', 'split']),
    ...(seed !== 0 && { seed }),
    parts: toParts(fields.shares),
  };
}

/** What keeps the fields from being sent; null where nothing does. */
export function wrongShares(shares: string): string | null {
  const parts = toParts(shares);
  const isRead = parts.length >= 2 && parts.every(({ name, share }) => name !== '' && share > 0 && share < 1);
  if (!isRead) return 'Two parts or more, each with a share between 0 and 1: train=0.8, test=0.2';
  const sum = parts.reduce((total, { share }) => total + share, 0);
  return Math.abs(sum - 1) > 1e-9 ? `The shares sum to ${Number(sum.toFixed(9))}, not to 1` : null;
}
