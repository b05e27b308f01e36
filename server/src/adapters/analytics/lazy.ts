import type { Analytics } from './analytics.ts';

/** Opens the engine when it is first asked for something: a server that only tracks never loads it. */
export function lazyAnalytics(open: () => Promise<Analytics>): Analytics {
  let opened: Promise<Analytics> | undefined;
  const engine = (): Promise<Analytics> => {
    opened ??= open().catch((error: unknown) => {
      // The next one tries again: what was missing may be there by then.
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    query: async (request) => (await engine()).query(request),
    columns: async (request) => (await engine()).columns(request),
    numbers: async (request) => (await engine()).numbers(request),
    copy: async (request) => (await engine()).copy(request),
    copyLines: async (request) => (await engine()).copyLines(request),
    sandboxedQuery: async (request) => (await engine()).sandboxedQuery(request),
    sandboxedCopy: async (request) => (await engine()).sandboxedCopy(request),
    sealed: async (request, work) => (await engine()).sealed(request, work),
    importFile: async (request) => (await engine()).importFile(request),
    exportFile: async (request) => (await engine()).exportFile(request),
    describeFile: async (path) => (await engine()).describeFile(path),
    splitFile: async (files, slices) => (await engine()).splitFile(files, slices),
    countRows: async (paths) => (await engine()).countRows(paths),
    digestFile: async (path, options) => (await engine()).digestFile(path, options),
    alignFile: async (request) => (await engine()).alignFile(request),
    gatherRows: async (request) => (await engine()).gatherRows(request),
    countEqual: async (rows, other) => (await engine()).countEqual(rows, other),
    async close() {
      await (await opened)?.close();
    },
  };
}
