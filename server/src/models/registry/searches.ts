import type { Db } from '../../adapters/db/db.ts';
import { decodeCursor, encodeCursor } from '../../base/page.ts';
import { modelStore } from './model-store.ts';
import type { StoredModel, StoredVersion, VersionFacts } from './rules.ts';
import { searchStore } from './search-store.ts';
import { parseSearch, type SearchRequest, searchableModels, searchableVersions } from './searchable.ts';
import { toFacts, toVersion } from './version-rows.ts';

export interface PageRequest extends SearchRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Found<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Models and versions in MLflow's grammar. Pages are counted, as the order may be anything. */
export function createSearches({ db }: { readonly db: Db }) {
  const offsetOf = ({ cursor }: PageRequest) => (cursor === undefined ? 0 : decodeCursor(cursor, isOffset));

  function toPage<R, T>(rows: readonly R[], request: PageRequest, read: (row: R) => T): Found<T> {
    const { limit } = request;
    const nextCursor = rows.length > limit ? encodeCursor(offsetOf(request) + limit) : null;
    return { items: rows.slice(0, limit).map(read), nextCursor };
  }

  const versionSearch = (request: PageRequest, workspace: string) => ({
    ...parseSearch(request, searchableVersions),
    workspace,
    limit: request.limit,
    offset: offsetOf(request),
  });

  return {
    async models(request: PageRequest, workspace: string): Promise<Found<StoredModel>> {
      const names = await searchStore(db).listModelNames({
        ...parseSearch(request, searchableModels),
        workspace,
        limit: request.limit,
        offset: offsetOf(request),
      });
      const page = toPage(names, request, (name) => name);
      return { ...page, items: await modelStore(db).listByName(workspace, page.items) };
    },

    /** Without files: what a page of very many needs. */
    async versionFacts(request: PageRequest, workspace: string): Promise<Found<VersionFacts>> {
      const rows = await searchStore(db).listVersionFacts(versionSearch(request, workspace));
      return toPage(rows, request, toFacts);
    },

    async versions(request: PageRequest, workspace: string): Promise<Found<StoredVersion>> {
      const rows = await searchStore(db).listVersionRows(versionSearch(request, workspace));
      return toPage(rows, request, toVersion);
    },
  };
}

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
