import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FileCacheOptions {
  /** Its own: what lies there from an earlier time is taken over. */
  readonly folder: string;
  /** Beyond this, what was used longest ago goes. The newest file stays whatever its size, and so does what is in use. */
  readonly maxBytes: number;
  readonly maxFiles: number;
  /** How long a file stays at least after it was last asked for: for readers who are handed a path and open it later. */
  readonly keepMs?: number;
}

export interface CachedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Until then it stays. */
  release(): void;
}

/** Writes the file `to`; `signal` fires when nobody waits for it any more. */
export type Make = (to: string, signal: AbortSignal) => Promise<void>;

export interface FileCache {
  /** The file of a key (plain letters and digits), made once for all who ask meanwhile. */
  take(key: string, make: Make, signal?: AbortSignal): Promise<CachedFile>;
  /** The file of a key if it is there. */
  find(key: string): Promise<CachedFile | null>;
  /** Forgets and removes those of the files, also those that are just made; who reads one reads on. */
  clear(isDoomed: (path: string) => Promise<boolean>): Promise<void>;
  /** Forgets and removes a file; who reads it reads on. */
  drop(key: string): Promise<void>;
}

interface Entry {
  readonly path: string;
  readonly size: number;
  users: number;
  lastUsed: number;
}

interface Making {
  readonly done: Promise<Entry>;
  readonly controller: AbortController;
  waiting: number;
}

/** Files that can be made again, on disk, bounded. */
export async function openFileCache(options: FileCacheOptions): Promise<FileCache> {
  const { folder, maxBytes, maxFiles, keepMs = 0 } = options;
  // In the order of use, the longest ago first.
  const entries = new Map<string, Entry>(await found(folder));
  const making = new Map<string, Making>();

  function touch(key: string, entry: Entry): CachedFile {
    entries.delete(key);
    entries.set(key, entry);
    entry.users += 1;
    entry.lastUsed = Date.now();
    let isHeld = true;
    return {
      path: entry.path,
      size: entry.size,
      release() {
        if (isHeld) entry.users -= 1;
        isHeld = false;
        evict();
      },
    };
  }

  function evict(): void {
    let bytes = [...entries.values()].reduce((sum, { size }) => sum + size, 0);
    const [newest] = [...entries.keys()].slice(-1);
    const before = Date.now() - keepMs;
    for (const [key, { path, size, users, lastUsed }] of entries) {
      if (bytes <= maxBytes && entries.size <= maxFiles) return;
      if (users > 0 || key === newest || lastUsed > before) continue;
      entries.delete(key);
      bytes -= size;
      // One that cannot be removed is found again at the next start.
      rm(path, { force: true }).catch(() => undefined);
    }
  }

  /** Made under another name, so that a half-made one is never found. */
  async function build(key: string, make: Make, signal: AbortSignal): Promise<Entry> {
    const growing = join(folder, `${randomUUID()}${unfinished}`);
    try {
      await make(growing, signal);
      // A name of its own: an older file of the key may be on its way out.
      const path = join(folder, `${key}.${randomUUID()}`);
      await rename(growing, path);
      const entry = { path, size: (await stat(path)).size, users: 0, lastUsed: Date.now() };
      entries.set(key, entry);
      return entry;
    } finally {
      await rm(growing, { force: true });
    }
  }

  function start(key: string, make: Make): Making {
    const controller = new AbortController();
    const done = build(key, make, controller.signal);
    const begun: Making = { done, controller, waiting: 0 };
    const end = () => {
      if (making.get(key) === begun) making.delete(key);
    };
    done.then(end, end);
    making.set(key, begun);
    return begun;
  }

  async function awaitFile(key: string, begun: Making, signal: AbortSignal | undefined): Promise<CachedFile> {
    begun.waiting += 1;
    const leave = () => {
      begun.waiting -= 1;
      if (begun.waiting === 0) begun.controller.abort(signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return touch(key, await begun.done);
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  async function find(key: string): Promise<CachedFile | null> {
    const entry = entries.get(key);
    if (!entry) return null;
    const held = touch(key, entry);
    if (await exists(entry.path)) return held;
    // Somebody cleaned the folder by hand.
    entries.delete(key);
    return null;
  }

  return {
    find,
    async take(key, make, signal) {
      const there = await find(key);
      if (there) return there;
      signal?.throwIfAborted();
      const current = making.get(key);
      // One that nobody waited for is on its way out.
      const begun = current && !current.controller.signal.aborted ? current : start(key, make);
      const file = await awaitFile(key, begun, signal);
      evict();
      return file;
    },
    async clear(isDoomed) {
      await Promise.allSettled([...making.values()].map(({ done }) => done));
      for (const [key, entry] of [...entries]) {
        if (!(await isDoomed(entry.path))) continue;
        if (entries.get(key) === entry) entries.delete(key);
        await rm(entry.path, { force: true });
      }
    },
    async drop(key) {
      const entry = entries.get(key);
      entries.delete(key);
      if (entry) await rm(entry.path, { force: true });
    },
  };
}

const unfinished = '.part';

async function found(folder: string): Promise<[string, Entry][]> {
  await mkdir(folder, { recursive: true });
  const entries: [string, Entry][] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { size, mtimeMs } = await stat(path);
    if (name.endsWith(unfinished)) await rm(path, { force: true });
    else entries.push([name.split('.')[0] ?? name, { path, size, users: 0, lastUsed: mtimeMs }]);
  }
  return entries.sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
