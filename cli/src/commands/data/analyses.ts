import type { AnalysisChart, AnalysisRun, QueryResult, Row } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { readText } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toInteger, toName, toNames, toTextPairs } from '../../parse.ts';
import { type Session, sessionOf, setVerdict } from '../../session.ts';
import { formatTime, tableLines } from '../../table.ts';

/** SQL over dataset versions, asked once or kept. */
export function addAnalysesCommands(program: Command): void {
  addQuery(program);
  const analyses = program.command('analyses').description('queries kept with the versions they read');
  addKeep(analyses);
  addList(analyses);
  addShow(analyses);
  addRun(analyses);
  addDelete(analyses);
}

interface QueryOptions {
  file?: string;
  bind?: string[];
  limit?: number;
  timeout?: number;
  format?: Format;
}

const formats = ['table', 'csv', 'json', 'ndjson'] as const;
type Format = (typeof formats)[number];

const withQuestion = (command: Command): Command =>
  command
    .option('--file <file.sql>', 'read the statement from a file (- is standard input)')
    .option('--bind <dataset=version,…>', 'read these versions instead of the latest', toNames)
    .option('--limit <rows>', 'at most so many rows, up to 10000', toInteger);

async function questionOf(sql: string | undefined, { file, bind, limit }: QueryOptions) {
  if ((sql === undefined) === (file === undefined))
    throw new Error('Give the statement, in quotes, or --file with one.');
  const bindings = bind && toTextPairs(bind);
  return { sql: sql ?? (await readText(file ?? '-')), bindings, limit };
}

function addQuery(program: Command): void {
  const query = withQuestion(program.command('query [sql]'))
    .description('one SELECT over dataset versions, sealed off from files and network')
    .option('--timeout <seconds>', 'stop it after so long (default 60, at most 600)', toInteger)
    .addOption(new Option('--format <format>', 'how rows are printed').choices(formats).default('table'))
    .action(async (sql: string | undefined, options: QueryOptions, command: Command) => {
      const session = sessionOf(command);
      const question = await questionOf(sql, options);
      const result = await session.client.analyses.query({ ...question, timeoutSeconds: options.timeout });
      printResult(session, result, options.format ?? 'table');
    });
  example(query, `query 'select symbol, avg(close) from "prices@3" group by symbol'`);
}

/** Rows go to standard output; what was read, and what is missing, to standard error. */
function printResult(session: Session, result: QueryResult, format: Format): void {
  if (session.json) {
    session.show(result, () => '');
    return;
  }
  for (const line of linesOf(result, format)) process.stdout.write(`${line}\n`);
  const more = result.truncated ? 'the first ' : '';
  const read = result.versions.join(', ') || 'no dataset';
  session.say(`${more}${result.rows.length} rows from ${read} in ${result.milliseconds} ms`);
  if (result.truncated) session.say('There are more: raise --limit, or keep them all by datasets derive.');
}

function linesOf({ columns, rows }: QueryResult, format: Format): string[] {
  const names = columns.map(({ name }) => name);
  if (format === 'json') return [JSON.stringify(rows, null, 2)];
  if (format === 'ndjson') return rows.map((row) => JSON.stringify(row));
  if (format === 'csv')
    return [names, ...rows.map((row) => names.map((name) => row[name]))].map((cells) =>
      cells.map(toCsv).join(','),
    );
  if (rows.length === 0) return [names.join('  ')];
  return tableLines(rows, Object.fromEntries(names.map((name) => [name, (row: Row) => row[name]])));
}

function toCsv(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

interface KeepOptions extends QueryOptions {
  description?: string;
  chart?: AnalysisChart['kind'];
  x?: string;
  y?: string[];
  series?: string;
}

function addKeep(analyses: Command): void {
  const keep = withQuestion(analyses.command('keep <name> [sql]'))
    .description('run a query and keep it with the versions it read and its chart')
    .option('--description <text>', 'what it shows')
    .addOption(new Option('--chart <kind>', 'draw the result').choices(['line', 'bar', 'scatter']))
    .option('--x <column>', 'what the chart runs along')
    .option('--y <columns>', 'what it shows, comma-separated', toNames)
    .option('--series <column>', 'one line or colour per value of this column')
    .action(async (name: string, sql: string | undefined, options: KeepOptions, command: Command) => {
      const session = sessionOf(command);
      const { description } = options;
      const question = await questionOf(sql, options);
      const kept = await session.client.analyses.put({
        name: toName(name),
        ...question,
        description,
        chart: chartOf(options),
      });
      session.show(kept, describeRun);
    });
  example(keep, `analyses keep monthly --file monthly.sql --chart line --x month --y close`);
}

function chartOf({ chart, x, y, series }: KeepOptions): AnalysisChart | undefined {
  if (chart === undefined) return undefined;
  if (x === undefined || y === undefined)
    throw new Error('--chart needs --x and --y: columns of the result.');
  return { kind: chart, x, y, ...(series !== undefined && { series }) };
}

function addList(analyses: Command): void {
  const list = analyses
    .command('list')
    .description('all analyses')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.analyses.list(page));
      session.list(
        items,
        {
          name: (a) => a.name,
          reads: (a) => a.versions.join(' '),
          rows: (a) => a.rows,
          chart: (a) => a.chart?.kind ?? null,
          updated: (a) => formatTime(a.updatedAt),
          description: (a) => a.description,
        },
        'No analyses. Keep one: tidemill analyses keep NAME "select …"',
      );
    });
  example(list, 'analyses list');
}

function addShow(analyses: Command): void {
  const show = analyses
    .command('show <name>')
    .description('the statement, what it reads and how it is drawn')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.analyses.get({ name: toName(name) }), (found) => [
        `${found.name}  ${found.description}`.trimEnd(),
        `reads    ${found.versions.join(', ') || 'no dataset'}`,
        `result   ${found.rows} rows, ${found.digest.slice(0, 12)}`,
        ...(found.chart
          ? [`chart    ${found.chart.kind} of ${found.chart.y.join(', ')} along ${found.chart.x}`]
          : []),
        `kept     ${formatTime(found.updatedAt)} by ${found.updatedBy}`,
        '',
        ...found.sql.replaceAll('\t', '  ').split('\n'),
      ]);
    });
  example(show, 'analyses show monthly');
}

function addRun(analyses: Command): void {
  const run = analyses
    .command('run <name>')
    .description('run it again; exit code 2 if the same versions give another result')
    .option('--latest', 'on the versions of today instead of those it was kept with')
    .addOption(new Option('--format <format>', 'how rows are printed').choices(formats).default('table'))
    .action(async (name: string, options: { latest?: boolean; format: Format }, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.analyses.run({ name: toName(name), latest: options.latest });
      if (session.json) session.show(found, () => '');
      else printResult(session, found.result, options.format);
      session.say(`${found.analysis.name}: ${found.verdict}`);
      setVerdict(found.verdict !== 'different');
    });
  example(run, 'analyses run monthly');
}

const describeRun = ({ analysis, result }: AnalysisRun): string =>
  `Kept ${analysis.name}: ${result.rows.length} rows from ${result.versions.join(', ') || 'no dataset'}.`;

function addDelete(analyses: Command): void {
  const remove = analyses
    .command('delete <name>')
    .description('forget an analysis; the versions it read may then be deleted')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.analyses.delete({ name: toName(name) });
      session.show(found, () => `Deleted analysis ${name}.`);
    });
  example(remove, 'analyses delete monthly');
}
