import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetVersion, Split } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { quoteName, quoteText } from '../../base/sql-text.ts';
import type { Commits } from './commits.ts';
import type { ContentFiles } from './content-files.ts';
import { locatedTable, locator } from './located-table.ts';
import type { Lookup } from './lookup.ts';
import {
  assertSplit,
  bordersOf,
  defaultSplit,
  type Part,
  partAt,
  partAtInstants,
  partDataset,
  partsOf,
  type SplitRule,
  stratifiedUnits,
  toInstants,
  unitPlace,
  unitText,
} from './split-rules.ts';
import { splitStore } from './split-store.ts';

export interface SplitDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly files: ContentFiles;
  readonly lookup: Lookup;
  readonly commits: Commits;
  readonly tempFolder: string;
}

export interface SplitInput {
  readonly name: string;
  readonly version: string;
  readonly split?: string | undefined;
  readonly by: SplitRule['by'];
  readonly columns?: readonly string[] | undefined;
  readonly stratify?: string | undefined;
  readonly seed?: number | undefined;
  /** By time, where the parts after the first begin. */
  readonly at?: readonly string[] | undefined;
  readonly parts?: readonly { readonly name: string; readonly share?: number | undefined }[] | undefined;
}

/** A row's part as an expression over `rows_ t`, with the join it needs. */
interface Assignment {
  readonly part: string;
  readonly join: string;
  readonly tables: Readonly<Record<string, TableSource>>;
}

/** A version in parts that are the same whenever it is split so again, on any machine. */
export function createSplits(deps: SplitDependencies) {
  const { db, changes, clock, analytics, files, lookup, commits, tempFolder } = deps;

  async function assign(
    version: DatasetVersion,
    rule: SplitRule,
    parts: readonly Part[],
    rows: TableSource,
    folder: string,
  ): Promise<Assignment> {
    if (rule.by === 'time')
      return { part: await partByTime(version, rule, parts, rows), join: '', tables: {} };
    const text = unitText(rule, version.columns);
    if (rule.stratify === null)
      return { part: partAt(unitPlace(text, rule.seed), parts), join: '', tables: {} };
    const to = join(folder, 'units.parquet');
    await analytics.copy({
      sql: stratifiedUnits(rule, text, rule.stratify, parts),
      tables: { rows_: rows },
      to,
    });
    return { part: 'u.part', join: `join units u on u.unit = ${text}`, tables: { units: { paths: [to] } } };
  }

  /** Cut where the share is reached, but never within rows of one time. */
  async function partByTime(
    { reference }: DatasetVersion,
    { columns: [column = ''], at }: SplitRule,
    parts: readonly Part[],
    rows: TableSource,
  ): Promise<string> {
    const cuts = bordersOf(parts).map(
      (border, i) => `cast(min(v) filter (where before >= ${border} * total) as varchar) as c${i}`,
    );
    const reply = await analytics.query({
      sql: `select ${cuts.join(', ')}, any_value(typeof(v)) as type, sum(n) filter (where v is null) as missing from (
        select v, n, sum(n) over (order by v nulls last rows unbounded preceding) - n as before, sum(n) over () as total
        from (select t.${quoteName(column)} as v, count(*) as n from rows_ t group by 1))`,
      tables: { rows_: rows },
    });
    const [found = {}] = reply.rows;
    if (Number(found.missing) > 0)
      throw errors.datasetSplitInvalid({
        reference,
        reason: `'${column}' is missing in ${found.missing} rows`,
      });
    if (at.length > 0) return partAtInstants(column, at);
    const cases = parts.slice(0, -1).flatMap((_, i) => {
      const cut = found[`c${i}`];
      const isBefore = `t.${quoteName(column)} < cast(${quoteText(String(cut))} as ${found.type})`;
      return [`when ${cut === null ? 'true' : isBefore} then ${i}`];
    });
    return `(case ${cases.join(' ')} else ${parts.length - 1} end)`;
  }

  /** With the shares that instants gave. @throws datasetSplitInvalid for a part without rows */
  async function countParts(
    { reference, rows: total }: DatasetVersion,
    { by, at }: SplitRule,
    parts: readonly Part[],
    rows: TableSource,
    assignment: Assignment,
  ): Promise<Part[]> {
    const counted = await analytics.query({
      sql: `select ${assignment.part} as part, count(*) as n from rows_ t ${assignment.join} group by 1`,
      tables: { rows_: rows, ...assignment.tables },
    });
    const filled = new Map(counted.rows.map(({ part, n }) => [part, Number(n)]));
    const empty = parts.find((_, i) => !filled.has(i));
    if (empty)
      throw errors.datasetSplitInvalid({ reference, reason: `the part '${empty.name}' would have no rows` });
    const isCut = by === 'time' && at.length > 0;
    return parts.map((part, i) => (isCut ? { ...part, share: (filled.get(i) ?? 0) / total } : part));
  }

  async function commitPart(
    version: DatasetVersion,
    { name: split, rule }: { name: string; rule: SplitRule },
    { name, share }: Part,
    path: string,
    caller: Caller,
  ): Promise<Split['parts'][number]> {
    const { reference, rows } = await commits.parquet(
      {
        name: partDataset(version.dataset, split, name),
        path,
        message: `${name} of ${version.reference}`,
        provenance: { kind: 'split', inputs: [version.uri], detail: { split, part: name, share, ...rule } },
      },
      caller,
    );
    return { name, share, rows, reference };
  }

  async function makeParts(
    version: DatasetVersion,
    split: { name: string; rule: SplitRule },
    parts: readonly Part[],
    caller: Caller,
  ): Promise<Split['parts']> {
    const folder = join(tempFolder, newId('split'));
    await mkdir(folder, { recursive: true });
    try {
      const { stored } = await files.get(version.digest);
      const rows = await locatedTable(files, version, stored);
      const assignment = await assign(version, split.rule, parts, rows, folder);
      const shared = await countParts(version, split.rule, parts, rows, assignment);
      // Without a join the rows come in their order by themselves, and sorting wide ones is dear.
      const order = assignment.join === '' ? '' : `order by t.${locator}`;
      const made: Split['parts'] = [];
      for (const [i, part] of shared.entries()) {
        const to = join(folder, `part-${i}.parquet`);
        await analytics.copy({
          sql: `select t.* exclude (${locator}) from rows_ t ${assignment.join} where ${assignment.part} = ${i} ${order}`,
          tables: { rows_: rows, ...assignment.tables },
          to,
        });
        made.push(await commitPart(version, split, part, to, caller));
        await rm(to, { force: true });
      }
      return made;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  return {
    /** The parts that are there if it was split so before. */
    async split(input: SplitInput, caller: Caller): Promise<Split> {
      const { workspace } = caller;
      const version = await lookup.getVersion(input.name, input.version, workspace);
      const name = input.split ?? defaultSplit;
      const columns = input.columns ?? (await defaultColumns(input, version, workspace));
      const at = toInstants(version.reference, input.at ?? []);
      const parts = partsOf(version.reference, at, input.parts);
      const rule = {
        by: input.by,
        columns: [...columns],
        stratify: input.stratify ?? null,
        seed: input.seed ?? 0,
        at,
      };
      assertSplit(version, name, rule, parts);
      const known = (await splitStore(db).list(workspace, version.dataset, version.version)).find(
        (split) => split.name === name,
      );
      if (known && !isSame(known, rule, parts))
        throw errors.datasetSplitExists({ reference: version.reference, split: name });
      if (known && (await areThere(known, workspace))) return known;
      const made = await makeParts(version, { name, rule }, parts, caller);
      const by = { createdAt: clock.now(), createdBy: caller.actor };
      await changes.run(caller, async (tx, note) => {
        const { dataset, version: number } = version;
        await splitStore(tx).save({ workspace, dataset, version: number, name, ...rule, parts: made, ...by });
        note({ action: 'dataset.split', subject: version.uri, detail: { split: name, ...rule } });
      });
      return { of: version.reference, name, ...rule, parts: made, ...by };
    },

    async listSplits(input: { name: string; version: string }, caller: Caller): Promise<{ items: Split[] }> {
      const { dataset, version } = await lookup.getVersion(input.name, input.version, caller.workspace);
      return { items: await splitStore(db).list(caller.workspace, dataset, version) };
    },
  };

  /** The key of the dataset, or its one column of times. */
  async function defaultColumns(
    { by, name }: SplitInput,
    { columns }: DatasetVersion,
    workspace: string,
  ): Promise<readonly string[]> {
    if (by === 'hash') return (await lookup.get(name, workspace)).key;
    const times = columns.filter(({ type }) => type === 'date' || type === 'timestamp');
    return by === 'time' && times.length === 1 ? times.map((column) => column.name) : [];
  }

  async function areThere({ parts }: Split, workspace: string): Promise<boolean> {
    const found = await Promise.all(
      parts.map(({ reference }) => lookup.resolve(reference, workspace).catch(() => null)),
    );
    return found.every((version) => version !== null);
  }
}

function isSame(split: Split, rule: SplitRule, parts: readonly Part[]): boolean {
  // Shares that instants gave are no part of the rule.
  const shareOf = ({ share }: Part) => (rule.at.length > 0 ? null : share);
  const spell = ({ by, columns, stratify, seed, at }: SplitRule, list: readonly Part[]) =>
    JSON.stringify([by, columns, stratify, seed, at, list.map((part) => [part.name, shareOf(part)])]);
  return spell(split, split.parts) === spell(rule, parts);
}
