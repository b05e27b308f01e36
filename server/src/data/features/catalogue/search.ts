import type { FeatureEntry, Page } from '@tidemill/contract';
import type { Db } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import { decodeCursor, defaultPageSize, toPage } from '../../../base/page.ts';
import { formatReference, toUri } from '../../../base/references.ts';
import type { ShownEntry } from './definition.ts';
import { type SearchPlace, searchStore } from './search-store.ts';

const mostWords = 10;

interface SearchInput {
  readonly q?: string | undefined;
  readonly kind?: FeatureEntry['kind'] | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** Finds entities, views, services and features by any word of theirs; what is called so comes first. */
export function createSearch({ db }: { readonly db: Db }) {
  return {
    async search(input: SearchInput, caller: Caller): Promise<Page<FeatureEntry>> {
      const limit = input.limit ?? defaultPageSize;
      const words = (input.q ?? '').toLowerCase().split(/\s+/).filter(Boolean).slice(0, mostWords);
      const after = input.cursor ? decodeCursor(input.cursor, isPlace) : undefined;
      const { workspace } = caller;
      const found = await searchStore(db).find({
        workspace,
        words,
        kind: input.kind,
        after,
        limit: limit + 1,
      });
      const page = toPage(found, limit, ({ place }) => place);
      return { ...page, items: page.items.map(({ place, entry }) => present(place, entry)) };
    },
  };
}

function isPlace(value: unknown): value is SearchPlace {
  return (
    Array.isArray(value) &&
    value.length === 5 &&
    typeof value[0] === 'number' &&
    value.slice(1).every((part) => typeof part === 'string' && !part.includes('\0'))
  );
}

function present([, , kind, name, feature]: SearchPlace, entry: ShownEntry): FeatureEntry {
  const reference = formatReference(name, entry.version);
  const isFeature = kind === 'feature';
  return {
    kind: kind as FeatureEntry['kind'],
    name,
    feature: isFeature ? feature : null,
    ...entry,
    type: entry.type as FeatureEntry['type'],
    reference: isFeature ? `${reference}:${feature}` : reference,
    uri: toUri(isFeature ? 'view' : (kind as 'view'), name, entry.version),
  };
}
