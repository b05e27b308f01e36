import type { Damage, DatasetVersion, Verification } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { TidemillError } from '../../base/errors.ts';
import { decodeCursor, encodeCursor, isNumber } from '../../base/page.ts';
import { chunkStore } from './chunk-store.ts';
import type { Content, ContentFiles } from './content-files.ts';
import type { Lookup } from './lookup.ts';
import { type StoredChunk, sourcesOf } from './rules.ts';

export interface IntegrityDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly blobs: Blobs;
  readonly files: ContentFiles;
  readonly lookup: Lookup;
}

interface VerifyInput {
  readonly name: string;
  readonly version: string;
  /** Chunks that this version has too are left out: it was verified before. */
  readonly besides?: string | undefined;
  readonly cursor?: string | undefined;
}

/** Chunks looked at together. */
const windowChunks = 32;
/** After so long a call ends and says where to go on: proxies and clients wait no longer. */
const patience = 15_000;
const mostNamed = 100;

type Problem = Damage['problem'];

/** Whether what lies in blobs still is what the versions name: byte by byte, and row by row. */
export function createIntegrity({ db, clock, analytics, blobs, files, lookup }: IntegrityDependencies) {
  async function problemOf(blob: string): Promise<Problem | null> {
    try {
      return (await blobs.verify(blob)) ? null : 'bytes differ';
    } catch (error) {
      if (error instanceof TidemillError && error.code === 'blobNotFound') return 'missing';
      throw error;
    }
  }

  /** Each blob once, however many chunks have rows in it. */
  function createBlobCheck() {
    const problems = new Map<string, Problem | null>();
    return async (chunk: StoredChunk): Promise<{ blob: string; problem: Problem } | null> => {
      for (const { blob } of sourcesOf([chunk])) {
        if (!problems.has(blob)) problems.set(blob, await problemOf(blob));
        const problem = problems.get(blob);
        if (problem) return { blob, problem };
      }
      return null;
    };
  }

  /** Canonical digests, taken anew: a chunk ends where its rows say, whatever file they lie in. */
  async function digestsOf(chunks: readonly StoredChunk[]): Promise<string[]> {
    const found = await analytics.digestFile(await files.paths(chunks));
    return found.chunks.map(({ digest }) => digest);
  }

  async function rowsDiffer(chunks: readonly StoredChunk[], expected: readonly string[]): Promise<boolean[]> {
    const found = await digestsOf(chunks).catch(() => null);
    if (found && chunks.every((_, i) => found[i] === expected[i])) return chunks.map(() => false);
    if (chunks.length === 1) return [true];
    const one: boolean[] = [];
    for (const [i, chunk] of chunks.entries())
      one.push(...(await rowsDiffer([chunk], expected.slice(i, i + 1))));
    return one;
  }

  /** The chunks of a window that are not what the manifest says. */
  async function checkWindow(
    window: readonly Placed[],
    checkBlob: ReturnType<typeof createBlobCheck>,
  ): Promise<Damage[]> {
    const damage: Damage[] = [];
    const sound: Placed[] = [];
    for (const placed of window) {
      const found = await checkBlob(placed.chunk);
      if (found) damage.push(damageOf(placed, found.blob, found.problem));
      else sound.push(placed);
    }
    if (sound.length === 0) return damage;
    const differ = await rowsDiffer(
      sound.map(({ chunk }) => chunk),
      sound.map(({ digest }) => digest),
    );
    damage.push(
      ...sound.flatMap((placed, i) =>
        differ[i] ? [damageOf(placed, placed.chunk.blob, 'rows differ')] : [],
      ),
    );
    return damage;
  }

  async function manifestDamage(version: DatasetVersion): Promise<Damage | null> {
    const problem = await problemOf(version.digest);
    const rows = { firstRow: 1, lastRow: version.rows };
    return problem && { what: 'manifest', problem, blob: version.digest, ...rows };
  }

  async function mark(chunks: readonly string[]): Promise<void> {
    if (chunks.length === 0) return;
    await chunkStore(db).markDamaged(chunks, clock.now());
    files.forget();
  }

  return {
    /** What is damaged is marked, so that the next commit of the same rows stores them anew. */
    async verify(input: VerifyInput, { workspace }: Caller): Promise<Verification> {
      const version = await lookup.getVersion(input.name, input.version, workspace);
      const { reference } = version;
      const broken = await manifestDamage(version);
      if (broken)
        return { reference, chunks: version.chunks, checked: 0, damage: [broken], nextCursor: null };
      const content = await files.get(version.digest);
      const besides =
        input.besides === undefined ? null : await contentOf(input.name, input.besides, workspace);
      const placed = placedChunks(content, besides);
      const checkBlob = createBlobCheck();
      const until = Date.now() + patience;
      const damage: Damage[] = [];
      const first = input.cursor ? decodeCursor(input.cursor, isNumber) : 0;
      let next = first;
      while (next < placed.length && (next === first || Date.now() < until)) {
        const window = placed.slice(next, next + windowChunks);
        const found = await checkWindow(window, checkBlob);
        const bad = new Set(found.map(({ firstRow }) => firstRow));
        await mark(window.filter((each) => bad.has(each.firstRow)).map(({ chunk }) => chunk.id));
        damage.push(...found);
        next += window.length;
      }
      return {
        reference,
        chunks: placed.length,
        checked: next - first,
        damage: damage.slice(0, mostNamed),
        nextCursor: next < placed.length ? encodeCursor(next) : null,
      };
    },
  };

  async function contentOf(name: string, number: string, workspace: string): Promise<Content | null> {
    const version = await lookup.getVersion(name, number, workspace);
    return files.get(version.digest).catch(() => null);
  }
}

interface Placed {
  readonly chunk: StoredChunk;
  readonly digest: string;
  readonly firstRow: number;
}

function placedChunks({ manifest, stored }: Content, besides: Content | null): Placed[] {
  const known = new Set(besides?.stored.map(({ id }) => id));
  let firstRow = 1;
  return stored.flatMap((chunk, i) => {
    const placed = { chunk, digest: manifest.chunks[i]?.digest ?? '', firstRow };
    firstRow += chunk.rows;
    return known.has(chunk.id) ? [] : [placed];
  });
}

const damageOf = ({ chunk, firstRow }: Placed, blob: string, problem: Problem): Damage => ({
  what: 'chunk',
  problem,
  blob,
  firstRow,
  lastRow: firstRow + chunk.rows - 1,
});
