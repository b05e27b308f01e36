import { createHash } from 'node:crypto';
import type { LoggedModel, Page } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { decodeCursor, defaultPageSize, encodeCursor } from '../../../base/page.ts';
import { type Ordering, parseFilter, parseOrderings } from '../../../base/search/grammar.ts';
import type { ExperimentsDependencies } from '../dependencies.ts';
import { assertCount, assertText, limits, toExperimentNumbers } from '../limits.ts';
import { isOffset } from '../rules.ts';
import { loggedModelStore } from './model-store.ts';
import { type LoggedModelRecord, type ModelDataset, toLoggedModel } from './rules.ts';
import { loggedModelSearchStore } from './search-store.ts';
import { searchableLoggedModels } from './searchable.ts';

export interface ModelOrder {
  /** `metrics.loss DESC` */
  readonly by: string;
  readonly dataset?: ModelDataset | undefined;
}

export interface LoggedModelSearchInput {
  readonly experimentIds: readonly string[];
  readonly filter?: string | undefined;
  readonly datasets?: readonly ModelDataset[];
  readonly orderBy?: readonly ModelOrder[];
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Each is a join, and databases limit those. */
const mostOrderings = 20;
const mostDatasets = 100;

/** Where a page ended, and of which search: another search's pages have other rows. */
type SearchCursor = readonly [offset: number, search: string];

export function createLoggedModelSearch({ db }: ExperimentsDependencies) {
  async function searchModelRecords(
    search: LoggedModelSearchInput,
    workspace: string,
  ): Promise<Page<LoggedModelRecord>> {
    const { limit, cursor, datasets = [] } = search;
    assertCount('datasets', datasets.length, mostDatasets);
    for (const dataset of datasets) assertDataset('datasets', dataset);
    const name = nameOf(search);
    const offset = cursor === undefined ? 0 : decodeCursor(cursor, isCursorOf(name))[0];
    const rows = await loggedModelSearchStore(db).list({
      workspace,
      experimentIds: toExperimentNumbers(search.experimentIds),
      filter: parseFilter(search.filter ?? '', searchableLoggedModels),
      datasets,
      order: parseOrder(search.orderBy ?? []),
      limit,
      offset,
    });
    const items = await loggedModelStore(db).toRecords(rows.slice(0, limit));
    const next: SearchCursor = [offset + limit, name];
    return { items, nextCursor: rows.length > limit ? encodeCursor(next) : null };
  }

  return {
    searchModelRecords,

    async searchLoggedModels(
      input: {
        experimentIds: readonly string[];
        filter?: string | undefined;
        orderBy?: readonly string[] | undefined;
        limit?: number | undefined;
        cursor?: string | undefined;
      },
      caller: Caller,
    ): Promise<Page<LoggedModel>> {
      const orderBy = (input.orderBy ?? []).map((by) => ({ by }));
      const limit = input.limit ?? defaultPageSize;
      const { items, nextCursor } = await searchModelRecords({ ...input, orderBy, limit }, caller.workspace);
      return { items: items.map(toLoggedModel), nextCursor };
    },
  };
}

/** One by one: the same metric may order twice, on two datasets. */
function parseOrder(orderBy: readonly ModelOrder[]): Ordering[] {
  assertCount('order_by', orderBy.length, mostOrderings);
  for (const { dataset } of orderBy) if (dataset) assertDataset('order_by', dataset);
  return orderBy.flatMap(({ by, dataset }) =>
    parseOrderings([by], searchableLoggedModels).map((ordering) => ({ ...ordering, dataset })),
  );
}

function assertDataset(where: string, { name, digest }: ModelDataset): void {
  assertText(`${where}.dataset_name`, name, limits.dataset.name);
  assertText(`${where}.dataset_digest`, digest ?? '', limits.dataset.digest);
}

const nameOf = ({ experimentIds, filter, datasets, orderBy }: LoggedModelSearchInput): string =>
  createHash('sha256')
    .update(JSON.stringify([experimentIds, filter ?? '', datasets ?? [], orderBy ?? []]))
    .digest('base64url')
    .slice(0, 16);

const isCursorOf =
  (name: string) =>
  (value: unknown): value is SearchCursor =>
    Array.isArray(value) && value.length === 2 && isOffset(value[0]) && value[1] === name;
