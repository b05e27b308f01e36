import type { Download } from '@tidemill/sdk';

export interface FileEntry {
  readonly path: string;
  readonly directory: boolean;
  readonly size: number | null;
}

/** Whose files they are. */
export interface FileSource {
  /** Tells it from others; the first word is the domain whose events make its listing stale. */
  readonly key: readonly unknown[];
  /** What lies in a folder; the top is `''`. */
  list(path: string): Promise<readonly FileEntry[]>;
  read(path: string, signal?: AbortSignal): Promise<Download>;
  /** Where a browser fetches a file by itself. */
  address(path: string): string;
}

/** What lies right in a folder, of files that are all known by their paths. */
export function toEntries(
  files: readonly { readonly path: string; readonly size: number }[],
  folder: string,
): readonly FileEntry[] {
  const start = folder === '' ? '' : `${folder}/`;
  const inside = files.filter((file) => file.path.startsWith(start));
  const entries = new Map<string, FileEntry>();
  for (const { path, size } of inside) {
    const end = path.indexOf('/', start.length);
    const entry =
      end < 0 ? { path, directory: false, size } : { path: path.slice(0, end), directory: true, size: null };
    entries.set(entry.path, entry);
  }
  return [...entries.values()];
}
