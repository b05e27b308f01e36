import { createHash } from 'node:crypto';
import { type Column, fileExtensions } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { asOfTime } from '../../base/references.ts';

/** What a version is: columns and, in order, the digests of its rows. Where they lie is storage and may change. */
export interface Manifest {
  readonly columns: readonly Column[];
  readonly chunks: readonly ManifestChunk[];
}
export interface ManifestChunk {
  /** Hash of the canonical rows (docs/decisions/003-canonical-rows.md). */
  readonly digest: string;
  readonly rows: number;
}

/** Where the rows of a chunk lie: in a Parquet file of its own, or scattered over others. */
export interface StoredChunk {
  readonly id: string;
  /** The file, or the first source of the delta. */
  readonly blob: string;
  readonly rows: number;
  /** What the chunk added when it was stored. */
  readonly bytes: number;
  readonly delta?: Delta;
  /** Found to be other than it should be, or gone: whoever has its rows stores them anew. */
  readonly isDamaged?: boolean;
}

/** Runs of rows of other files (docs/decisions/016-deltas-between-versions.md). The sources are plain files, never deltas. */
export interface Delta {
  /** As `base/row-runs.ts` writes them, each letter a source. */
  readonly runs: string;
  readonly sources: readonly DeltaSource[];
}

export interface DeltaSource {
  readonly blob: string;
  readonly bytes: number;
  /** `pack`: single rows that one commit added to many chunks. `segment`: many chunks one behind the other. */
  readonly kind: 'chunk' | 'pack' | 'segment';
}

/** The files in which the chunks lie, each once. */
export function sourcesOf(chunks: readonly StoredChunk[]): DeltaSource[] {
  const found = new Map<string, DeltaSource>();
  for (const { blob, bytes, delta } of chunks)
    for (const source of delta?.sources ?? [{ blob, bytes, kind: 'chunk' as const }])
      found.set(source.blob, source);
  return [...found.values()];
}

export interface Provenance {
  readonly kind: string;
  readonly inputs: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The one spelling of a manifest; its SHA-256 is the version's digest. */
export const manifestText = ({ columns, chunks }: Manifest): string =>
  JSON.stringify({
    format: 1,
    columns: columns.map(({ name, type }) => ({ name, type })),
    chunks: chunks.map(({ digest, rows }) => ({ digest, rows })),
  });

export const manifestDigest = (manifest: Manifest): string => sha256(manifestText(manifest));

/** Equal rows under other column names need another file, so the columns are part of the id. */
export function chunkId(columns: readonly Column[], digest: string): string {
  return sha256(JSON.stringify([columns.map(({ name, type }) => [name, type]), digest]));
}

const isNumeral = (text: string): boolean => /^\d+$/.test(text);

/** Precedence of references: number, `latest`, as of a time, tag. A number too large to be one is looked for and not found. */
export type VersionChoice =
  | { readonly by: 'number'; readonly number: number }
  | { readonly by: 'latest' }
  | { readonly by: 'time'; readonly time: number }
  | { readonly by: 'tag'; readonly tag: string };

export function chooseVersion(version: string): VersionChoice {
  if (isNumeral(version)) return { by: 'number', number: Math.min(Number(version), 2 ** 31 - 1) };
  if (version === 'latest') return { by: 'latest' };
  const time = asOfTime(version);
  return time === null ? { by: 'tag', tag: version } : { by: 'time', time };
}

const isFileName = (text: string): boolean => fileExtensions.some((each) => text.endsWith(`.${each}`));

/** @throws tagReserved for words that mean a version already, or the file of one: `4.parquet` */
export function assertTag(tag: string): void {
  if (isNumeral(tag) || tag === 'latest' || isFileName(tag)) throw errors.tagReserved({ tag });
}

/** Reads `date=Date,close=Close/Last` (ours=theirs). @throws mappingInvalid */
export function parseMapping(text: string): Record<string, string> {
  const pairs = text.split(',').map((part) => {
    const equals = part.indexOf('=');
    const ours = part.slice(0, equals).trim();
    const theirs = part.slice(equals + 1).trim();
    if (equals < 1 || ours === '' || theirs === '')
      throw errors.mappingInvalid({ part, reason: 'does not name a column on both sides of =' });
    return [ours, theirs] as const;
  });
  for (const [i, [ours]] of pairs.entries())
    if (pairs.findIndex(([other]) => other === ours) !== i)
      throw errors.mappingInvalid({ part: ours, reason: 'stands twice on the left of =' });
  return Object.fromEntries(pairs);
}

export const splitNames = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Numbers of rows stand beside a user's columns under these names. */
const reservedColumns = ['__tidemill_row', '__tidemill_place'];

/** @throws datasetColumnReserved */
export function assertStorable(columns: readonly Column[]): void {
  for (const { name } of columns)
    if (reservedColumns.includes(name.toLowerCase())) throw errors.datasetColumnReserved({ column: name });
}

/** @throws datasetColumnNotFound */
export function assertColumns(
  reference: string,
  columns: readonly Column[],
  wanted: readonly string[],
): void {
  for (const column of wanted)
    if (!columns.some(({ name }) => name === column))
      throw errors.datasetColumnNotFound({ reference, column, known: namesOf(columns) });
}

export const namesOf = (columns: readonly { readonly name: string }[]): string =>
  columns.map(({ name }) => name).join(', ');

/** Whether every value of `from` is also one of `to`, so appended rows may take the type of the rows before. */
function fits(from: Column['type'], to: Column['type']): boolean {
  return from === to || (from === 'integer' && to === 'double') || (from === 'date' && to === 'timestamp');
}

/** @throws datasetColumnsDiffer naming each column that is missing, extra or of another type */
export function assertAppendable(
  reference: string,
  before: readonly Column[],
  appended: readonly Column[],
): void {
  const differences = [
    ...before.filter(({ name }) => !find(appended, name)).map(({ name }) => `'${name}' is missing`),
    ...appended.filter(({ name }) => !find(before, name)).map(({ name }) => `'${name}' is new`),
    ...before.flatMap(({ name, type }) => {
      const found = find(appended, name);
      return found && !fits(found.type, type) ? [`'${name}' is ${found.type} instead of ${type}`] : [];
    }),
  ];
  if (differences.length > 0)
    throw errors.datasetColumnsDiffer({ reference, differences: differences.join(', ') });
}

const find = (columns: readonly Column[], name: string): Column | undefined =>
  columns.find((column) => column.name === name);
