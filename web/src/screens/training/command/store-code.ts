/** Files that a browser sends, as the code of a command: single ones, or what a zip archive holds. */
import type { JobFile } from '@tidemill/sdk';
import { client } from '../../../lib/client.ts';
import { formatBytes } from '../../../lib/format.ts';
import { listZip } from '../../../lib/unzip.ts';

const mostFiles = 2000;
const mostBytes = 200_000_000;
const atOnce = 4;

interface Source {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  read(): Promise<Uint8Array>;
}

/** Stores them and says under which digests; the server keeps each content once. @throws Error in words for a reader */
export async function storeCode(files: readonly File[], onStored: (done: number, of: number) => void) {
  const sources = (await Promise.all(files.map(open))).flat();
  const bytes = sources.reduce((sum, { size }) => sum + size, 0);
  if (sources.length > mostFiles || bytes > mostBytes)
    throw new Error(
      `${sources.length} files of ${formatBytes(bytes)} are too many for a browser, which sends ${mostFiles} of ${formatBytes(mostBytes)} at most. Use tidemill jobs run in the folder.`,
    );
  const left = [...sources];
  const stored: JobFile[] = [];
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { sha256 } = await client().jobs.putFile({ content: await next.read() });
      stored.push({ path: next.path, sha256, ...(next.executable && { executable: true }) });
      onStored(stored.length, sources.length);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return stored;
}

async function open(file: File): Promise<Source[]> {
  if (!file.name.toLowerCase().endsWith('.zip'))
    return [
      {
        ...{ path: file.name, size: file.size, executable: false },
        read: async () => new Uint8Array(await file.arrayBuffer()),
      },
    ];
  try {
    return withoutFolder(await listZip(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`'${file.name}' cannot be unpacked: ${reason}.`, { cause });
  }
}

/** A folder that holds everything is the archive's name, not part of the code. */
export function withoutFolder<T extends { readonly path: string }>(files: readonly T[]): T[] {
  const [first = ''] = files.map(({ path }) => path.slice(0, path.indexOf('/') + 1));
  if (first === '' || !files.every(({ path }) => path.startsWith(first))) return [...files];
  return files.map((file) => ({ ...file, path: file.path.slice(first.length) }));
}

/** Those that are new stand in place of those of the same path. */
export const mergeFiles = (before: readonly JobFile[], more: readonly JobFile[]): JobFile[] =>
  [...new Map([...before, ...more].map((file) => [file.path, file])).values()].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
