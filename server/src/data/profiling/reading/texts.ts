import type { Column, ValueCount } from '@tidemill/contract';
import type { Cell } from '../../../adapters/analytics/analytics.ts';
import { quoteName, quoteText } from '../../../base/sql-text.ts';
import type { TextFigures, TextInput } from '../figures/texts.ts';
import { computeFor, inTurns, type ProfiledTable, queryTable } from './table.ts';

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

/** How whatever they read starts: most texts fail this cheap look, and are not tried against every format. */
const dateStart = '^[[:space:]]*([-+0-9]|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))';

const module = new URL('../figures/texts.ts', import.meta.url);

export const readTexts = async (table: ProfiledTable): Promise<Map<string, ReadText>> => {
  const texts = table.columns.filter(({ type }) => type === 'text');
  const read = await inTurns(texts, async (column) => [column.name, await readText(table, column)] as const);
  return new Map(read);
};

async function readText(table: ProfiledTable, column: Column): Promise<ReadText> {
  const { rows } = await queryTable(table, [column], textSql(column));
  const of = (kind: string) => rows.filter((row) => row.kind === kind);
  const [facts = {}] = of('facts');
  const sample = of('sample');
  const input: TextInput = {
    values: sample.map(({ value }) => String(value)),
    counts: sample.map(({ n }) => Number(n)),
  };
  const [content] = await computeFor<TextFigures[]>(table, { module, name: 'describeTexts', input: [input] });
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
    content: content ?? { words: [], characters: 0, distinctCharacters: 0, classes: [] },
    sampled: distinct > sampledValues,
  };
}

const textOf = (cell: Cell | undefined): string | null => (cell == null ? null : String(cell));

/** Equal values are counted once, and three questions asked of the counts. */
function textSql({ name }: Column): string {
  const cut = (value: string, length: number) => `left(${value}, ${length})`;
  const formats = dateFormats.map(quoteText).join(', ');
  const dates = `case when try_cast(x as timestamp) is not null then true
    when regexp_matches(x, ${quoteText(dateStart)}) then try_strptime(x, [${formats}]) is not null else false end`;
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
    union all (select 'sample', ${cut('x', readLength)}, n, ${others} from v order by hash(x), x limit ${sampledValues})`;
}
