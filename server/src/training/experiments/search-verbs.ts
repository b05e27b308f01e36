import type { Page, Run } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { decodeCursor, defaultPageSize, encodeCursor } from '../../base/page.ts';
import { parseColumns, parseFilter, parseOrderings } from '../../base/search/grammar.ts';
import { columnStore } from './column-store.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { toExperimentNumbers } from './limits.ts';
import { isOffset, type RunRecord, toRun, type ViewType } from './rules.ts';
import { type RunRow, runStore } from './run-store.ts';
import { type RunSearchQuery, searchStore } from './search-store.ts';
import { searchableRuns } from './searchable.ts';

export interface RunFilter {
  readonly experimentIds: readonly string[];
  readonly filter?: string | undefined;
  readonly view?: ViewType | undefined;
}

export interface RunSearch extends RunFilter {
  readonly orderBy?: readonly string[] | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface LongPage {
  readonly portions: AsyncGenerator<RunRecord[], undefined>;
  readonly nextCursor: string | null;
}

/** Runs with all they hold: few enough that others are answered in between. */
const portionSize = 500;

/** The column that is no metric, parameter or tag. */
const inputsColumn = 'inputs';

/** Runs found by what they hold. */
export function createSearchVerbs({ db }: Pick<ExperimentsDependencies, 'db'>) {
  async function listRows(search: RunSearch, workspace: string): Promise<Page<RunRow>> {
    const query = toQuery(search, workspace);
    const rows = await searchStore(db).listRuns(query);
    const hasMore = rows.length > search.limit;
    return {
      items: hasMore ? rows.slice(0, search.limit) : rows,
      nextCursor: hasMore ? encodeCursor(query.offset + search.limit) : null,
    };
  }

  async function* listRecords(rows: readonly RunRow[]): AsyncGenerator<RunRecord[], undefined> {
    for (let start = 0; start < rows.length; start += portionSize)
      yield await runStore(db).toRecords(rows.slice(start, start + portionSize));
  }

  return {
    /** For doors that show more than the contract does, and have pages too long to be held at once. */
    async searchRecords(search: RunSearch, workspace: string): Promise<LongPage> {
      const { items, nextCursor } = await listRows(search, workspace);
      return { portions: listRecords(items), nextCursor };
    },

    async searchRuns(
      input: Omit<RunSearch, 'limit'> & {
        readonly limit?: number | undefined;
        readonly columns?: readonly string[] | undefined;
      },
      caller: Caller,
    ): Promise<Page<Run>> {
      const { columns } = input;
      const own = columns?.filter((column) => column !== inputsColumn);
      const subjects = own && parseColumns(own, searchableRuns);
      const search = { ...input, limit: input.limit ?? defaultPageSize };
      const { items, nextCursor } = await listRows(search, caller.workspace);
      const records = subjects
        ? await columnStore(db).toRecords(items, subjects, own.length < (columns?.length ?? 0))
        : await runStore(db).toRecords(items);
      return { items: records.map(toRun), nextCursor };
    },

    async countRuns(input: RunFilter, caller: Caller): Promise<{ total: number }> {
      const query = toQuery({ ...input, limit: 0 }, caller.workspace);
      return { total: await searchStore(db).countRuns(query) };
    },
  };
}

const toQuery = (search: RunSearch, workspace: string): RunSearchQuery => ({
  workspace,
  view: search.view ?? 'active',
  filter: parseFilter(search.filter ?? '', searchableRuns),
  order: parseOrderings(search.orderBy ?? [], searchableRuns),
  experimentIds: toExperimentNumbers(search.experimentIds),
  limit: search.limit,
  offset: search.cursor === undefined ? 0 : decodeCursor(search.cursor, isOffset),
});
