import type { DatasetVersion, Profile, ProfileComparison } from '@tidemill/contract';
import { compared } from './comparison.ts';
import { driftRows, readCategories, readDrift } from './reading/drift.ts';
import { inTurns, type ProfiledTable } from './reading/table.ts';

export interface ComparedSide {
  readonly version: DatasetVersion;
  readonly table: ProfiledTable;
  readonly profile: Profile;
}

/** Of the columns that both have with one type; more would make the answer too large to look at. */
const mostColumns = 400;
const mostCategoryColumns = 60;

/** Profiles side by side, and how far each column that both have has moved. */
export async function compareVersions(before: ComparedSide, after: ComparedSide): Promise<ProfileComparison> {
  const same = before.version.digest === after.version.digest;
  const shared = same
    ? []
    : after.version.columns
        .filter(({ name, type }) =>
          before.version.columns.some((old) => old.name === name && old.type === type),
        )
        .slice(0, mostColumns);
  const categorical = ({ type }: { type: string }) => type === 'text' || type === 'boolean';
  const ordered = shared.filter((column) => !categorical(column));
  const numbers = await readDrift(before.table, after.table, ordered);
  const categories = new Map(
    await inTurns(
      shared.filter(categorical).slice(0, mostCategoryColumns),
      async (column) => [column.name, await readCategories(before.table, after.table, column)] as const,
    ),
  );
  const sampled = Math.max(before.table.rows, after.table.rows) > driftRows;
  return compared(before.profile, after.profile, { numbers, categories }, sampled && !same);
}
