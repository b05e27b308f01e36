import { formatValue } from '../../../lib/format.ts';

type Definition = Readonly<Record<string, unknown>>;

export interface Change {
  readonly part: string;
  readonly before: string;
  readonly after: string;
}

/** Said of every version anew, and no part of what it means. */
const unsaid: ReadonlySet<string> = new Set([
  ...['workspace', 'name', 'version', 'reference', 'uri', 'createdAt', 'createdBy', 'unchanged'],
]);

interface Named {
  readonly name?: unknown;
  readonly reference?: unknown;
}

/** Lists of named things are told item by item. */
const byName = (list: readonly unknown[]): Map<string, unknown> | null => {
  const named = list.map((item) => {
    const { name, reference } = (item ?? {}) as Named;
    return [name ?? reference, item] as const;
  });
  return named.every(([name]) => typeof name === 'string')
    ? new Map(named.map(([name, item]) => [String(name), item]))
    : null;
};

const written = (value: unknown): string => {
  if (value === null || value === undefined || value === '') return '';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ');
  return formatValue(value);
};

const isSame = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

function changesOf(part: string, before: unknown, after: unknown): Change[] {
  if (isSame(before, after)) return [];
  const [old, now] = [before, after].map((value) => (Array.isArray(value) ? byName(value) : null));
  if (!old || !now || old.size + now.size === 0)
    return [{ part, before: written(before), after: written(after) }];
  const changes = [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => !isSame(old.get(name), now.get(name)))
    .map((name) => ({
      part: `${part}: ${name}`,
      before: itemOf(old.get(name)),
      after: itemOf(now.get(name)),
    }));
  return changes.length > 0
    ? changes
    : [{ part: `${part}, order`, before: [...old.keys()].join(', '), after: [...now.keys()].join(', ') }];
}

/** A column by its type alone: its name stands beside it. */
function itemOf(item: unknown): string {
  if (item === undefined) return '';
  const { name: _name, reference: _reference, ...rest } = item as Named & Readonly<Record<string, unknown>>;
  const values = Object.values(rest);
  return values.length === 1 ? written(values[0]) : formatValue(rest);
}

/** What a version says otherwise than the one before it, part by part. */
export const changesBetween = (before: Definition, after: Definition): Change[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((part) => !unsaid.has(part))
    .flatMap((part) => changesOf(part, before[part], after[part]));
