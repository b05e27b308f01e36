import type { Column, ValueCount } from '@tidemill/contract';
import type { Cell } from '../../../adapters/analytics/analytics.ts';
import { quoteName, quoteText } from '../../../base/sql-text.ts';
import { describeColumn } from '../figures/columns.ts';
import type { DescribedText, LengthFigures, TextFigures, TextInput, Weighted } from '../figures/texts.ts';
import type { ReadColumn } from './columns.ts';
import { computeFor, type ProfiledTable, queryTable } from './table.ts';

/** What equal texts, counted together, say of a column. */
export interface ReadText {
  readonly distinct: number;
  readonly unique: number;
  readonly minimum: string | null;
  readonly maximum: string | null;
  readonly empty: number;
  /** In bits. */
  readonly entropy: number;
  /** Values that read as numbers, as dates. */
  readonly numbers: number;
  readonly dates: number;
  readonly top: readonly ValueCount[];
  /** Words and characters, of at most `sampledValues` distinct values. */
  readonly content: TextFigures;
  readonly sampled: boolean;
  readonly nulls: number;
  readonly lengths: LengthFigures;
}

const sampledValues = 3_000;
/** Of a text; longer ones are cut, for a profile is no place for them. */
const shownLength = 120;
const readLength = 2_000;

/** Ways to write a date besides ISO 8601. */
const dateFormats = [
  '%d.%m.%Y',
  '%d/%m/%Y',
  '%m/%d/%Y',
  '%b %d %Y',
  '%d %b %Y',
  '%d-%b-%Y',
  '%B %d, %Y',
  '%Y%m%d',
];

/** How whatever reads as a time starts: most texts fail this cheap look, and are not tried in any other way. */
const dateStart = '^[[:space:]]*([-+0-9]|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|epoch|inf))';

const module = new URL('../figures/texts.ts', import.meta.url);

/**
 * One column after the other, for each may fill the engine's memory with its distinct values; what is computed of one
 * is not waited for.
 */
export async function readTexts(table: ProfiledTable): Promise<Map<string, ReadText>> {
  const read: Promise<readonly [string, ReadText]>[] = [];
  for (const column of table.columns) {
    if (column.type !== 'text') continue;
    const { rows } = await queryTable(table, [column], textSql(column));
    const next = describe(table, rows).then((text) => [column.name, text] as const);
    // Whoever awaits it hears of a failure.
    next.catch(() => undefined);
    read.push(next);
    // In a wide table no more of them wait than threads may be asked for.
    await read.at(-ahead);
  }
  return new Map(await Promise.all(read));
}

const ahead = 8;

async function describe(table: ProfiledTable, rows: readonly Cells[]): Promise<ReadText> {
  const of = (kind: string) => rows.filter((row) => row.kind === kind);
  const [facts = {}] = of('facts');
  const input: TextInput = {
    ...countedIn(of('sample'), ({ value }) => String(value)),
    lengths: countedIn(of('length'), ({ value }) => Number(value)),
  };
  const { content, lengths } = await computeFor<DescribedText>(table, {
    module,
    name: 'describeText',
    input,
  });
  const distinct = Number(facts.n ?? 0);
  const count = Number(facts.total ?? 0);
  return {
    distinct,
    unique: Number(facts.once ?? 0),
    minimum: textOf(facts.value),
    maximum: textOf(facts.greatest),
    empty: Number(facts.empty ?? 0),
    entropy: count === 0 ? 0 : Math.max(0, Math.log2(count) - Number(facts.weighted) / count),
    numbers: Number(facts.numbers ?? 0),
    dates: Number(facts.dates ?? 0),
    top: of('top').map(({ value, n }) => ({ value: String(value), count: Number(n) })),
    content,
    sampled: distinct > sampledValues,
    nulls: table.rows - count,
    lengths,
  };
}

const noFigures = describeColumn(new Float64Array(0));

/** A column of texts as the others are read: it has no numbers. */
export const readColumnOf = (column: Column, { nulls }: ReadText): ReadColumn => ({
  column,
  nulls,
  nans: 0,
  figures: noFigures,
  approximate: [],
  nullBits: null,
  sample: null,
});

type Cells = Readonly<Record<string, Cell>>;

const countedIn = <T>(rows: readonly Cells[], read: (row: Cells) => T): Weighted<T> => ({
  values: rows.map(read),
  counts: rows.map(({ n }) => Number(n)),
});

const textOf = (cell: Cell | undefined): string | null => (cell == null ? null : String(cell));

/** Equal values are counted once, and a few questions asked of the counts. */
function textSql({ name }: Column): string {
  const cut = (value: string, length: number) => `left(${value}, ${length})`;
  const formats = dateFormats.map(quoteText).join(', ');
  const dates = `case when not regexp_matches(x, ${quoteText(dateStart)}) then false
    when try_cast(x as timestamp) is not null then true else try_strptime(x, [${formats}]) is not null end`;
  const none = 'null as total, null as once, null as greatest, null as empty, null as weighted';
  const others = `${none}, null as numbers, null as dates`;
  return `with v as materialized (
      select ${quoteName(name)} as x, count(*) as n from rows_ where ${quoteName(name)} is not null group by 1)
    select 'facts' as kind, ${cut('min(x)', shownLength)} as value, count(*) as n,
      cast(sum(n) as bigint) as total, count(*) filter (n = 1) as once, ${cut('max(x)', shownLength)} as greatest,
      cast(sum(n) filter (x = '') as bigint) as empty, sum(n * log2(n)) as weighted,
      cast(sum(n) filter (try_cast(x as double) is not null) as bigint) as numbers,
      cast(sum(n) filter (${dates}) as bigint) as dates from v
    union all (select 'top', ${cut('x', shownLength)}, n, ${others} from v order by n desc, x limit 10)
    union all (select 'length', cast(length(x) as varchar), cast(sum(n) as bigint), ${others} from v group by length(x))
    union all (select 'sample', ${cut('x', readLength)}, n, ${others} from v order by hash(x), x limit ${sampledValues})`;
}
