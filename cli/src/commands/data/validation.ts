import type {
  Expectation,
  ExpectationList,
  ExpectationOutcome,
  SuggestedExpectations,
  TableFormat,
  ValidationResult,
} from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { openContent, readRecords } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import {
  dateFormatHelp,
  repeated,
  sentFormatOf,
  tableFormats,
  toInteger,
  toNames,
  toReference,
  toTarget,
} from '../../parse.ts';
import { sessionOf, setVerdict } from '../../session.ts';
import { formatNumber, formatTime, tableLines } from '../../table.ts';

/** What is expected of a dataset, and what its versions were found to be. */
export function addValidationCommands(datasets: Command): void {
  addValidate(datasets);
  addValidations(datasets);
  const expectations = datasets
    .command('expectations')
    .description('what every version of a dataset must be');
  addShowAndSet(expectations);
  addSuggest(expectations);
}

interface ValidateOptions {
  file?: string;
  format?: TableFormat;
  mapping?: string[];
  dateFormat?: string[];
}

function addValidate(datasets: Command): void {
  const validate = datasets
    .command('validate <reference>')
    .description(
      "hold a dataset's expectations against a version, or a file before it is committed; 2 if it fails",
    )
    .option('--file <path>', 'these rows instead of a version; nothing is kept (- is standard input)')
    .addOption(new Option('--format <format>', 'of the file; default: from its name').choices(tableFormats))
    .option('--mapping <ours=theirs,…>', 'rename columns of the file: date=Date,close=Close/Last', toNames)
    .option('--date-format <format>', dateFormatHelp, repeated)
    .action(async (text: string, options: ValidateOptions, command: Command) => {
      const session = sessionOf(command);
      const { validation } = session.client;
      const reference = toReference(text);
      const result =
        options.file === undefined
          ? await validation.validate(reference)
          : await validation.validateFile({
              name: reference.name,
              format: options.format ?? sentFormatOf(options.file),
              mapping: options.mapping?.join(','),
              dateFormat: options.dateFormat?.join(','),
              content: await openContent(options.file, session.say),
            });
      session.show(result, describeResult);
      setVerdict(result.status !== 'failed');
    });
  example(validate, 'datasets validate prices@3');
}

const sampleRows = 5;

function describeResult(result: ValidationResult): string[] {
  const { dataset, version, outcomes } = result;
  const what = version === null ? `rows for ${dataset}` : `${dataset}@${version}`;
  const head = `${what}: ${result.status}. ${result.passed} passed, ${result.warned} warned, ${result.failed} failed (${result.rows} rows)`;
  if (outcomes.length === 0)
    return [
      `${what}: nothing is expected. tidemill datasets expectations suggest ${dataset} --apply sets what holds now.`,
    ];
  return [
    head,
    '',
    ...tableLines(outcomes, {
      '': (o) => (o.passed ? 'ok' : o.severity === 'warn' ? 'WARN' : 'FAIL'),
      expectation: (o) => o.title,
      unexpected: (o) => o.unexpected,
      of: (o) => o.rows,
      found: (o) => (typeof o.observed === 'number' ? formatNumber(o.observed) : o.observed),
      why: (o) => (o.passed ? null : o.reason),
    }),
    ...outcomes.filter(({ passed, sample }) => !passed && sample.length > 0).flatMap(sampleLines),
  ];
}

function sampleLines({ title, sample, unexpected }: ExpectationOutcome): string[] {
  const shown = sample.slice(0, sampleRows).map(({ row, values }) => ({ row, ...values }));
  const names = Object.keys(shown[0] ?? {}).filter((name) => name !== 'row' || shown[0]?.row !== null);
  const columns = Object.fromEntries(
    names.map((name) => [name, (item: Record<string, unknown>) => item[name]]),
  );
  return ['', `${title}: ${shown.length} of ${unexpected}`, ...tableLines(shown, columns)];
}

function addValidations(datasets: Command): void {
  const list = datasets
    .command('validations <dataset>')
    .description('validation results of a dataset or one version, newest first, refused commits among them')
    .addOption(limitOption())
    .action(async (text: string, options: Limited, command: Command) => {
      const session = sessionOf(command);
      const { name, version } = toTarget(text);
      const items = await listUpTo(options.limit, (page) =>
        session.client.validation.list({ name, ...(version !== null && { version }), ...page }),
      );
      session.list(
        items,
        {
          version: (v) => (v.version === null ? 'refused' : `${v.dataset}@${v.version}`),
          status: (v) => v.status,
          passed: (v) => v.passed,
          warned: (v) => v.warned,
          failed: (v) => v.failed,
          rows: (v) => v.rows,
          ms: (v) => v.durationMs,
          by: (v) => v.createdBy,
          at: (v) => formatTime(v.createdAt),
          id: (v) => v.id,
        },
        `Nothing of ${name} was validated. tidemill datasets expectations suggest ${name} --apply begins it.`,
      );
    });
  example(list, 'datasets validations prices');
  const one = datasets
    .command('validation <dataset> <id>')
    .description('one validation result with the rows that are not as expected')
    .action(async (name: string, id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.validation.get({ name, id }), describeResult);
    });
  example(one, 'datasets validation prices validation_01a2…');
}

function addShowAndSet(expectations: Command): void {
  const show = expectations
    .command('show <dataset>')
    .description('the expectations of a dataset; with --json as a list that `set` takes')
    .option('--revision <number>', 'as they were then', toInteger)
    .action(async (name: string, options: { revision?: number }, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.validation.getExpectations({ name, revision: options.revision });
      if (session.json) session.show(found.expectations, () => '');
      else session.show(found, describeList);
    });
  example(show, 'datasets expectations show prices');
  const set = expectations
    .command('set <dataset> <file>')
    .description('set them from a JSON list (- is standard input); an empty list ends validation')
    .action(async (name: string, file: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const list = (await readRecords(file)) as unknown as Expectation[];
      session.show(await session.client.validation.putExpectations({ name, expectations: list }), (found) =>
        found.unchanged ? `${name} expects exactly this already.` : describeList(found),
      );
    });
  example(set, 'datasets expectations set prices expectations.json');
}

function describeList({ dataset, revision, expectations, titles }: ExpectationList): string[] {
  if (expectations.length === 0)
    return [
      `Nothing is expected of ${dataset}. tidemill datasets expectations suggest ${dataset} --apply sets what holds now.`,
    ];
  return [
    `${dataset}: ${expectations.length} expectations, revision ${revision}`,
    '',
    ...listLines(expectations, titles),
  ];
}

const listLines = (expectations: readonly Expectation[], titles: readonly string[]): string[] =>
  tableLines(
    expectations.map((expectation, i) => ({ expectation, title: titles[i] })),
    {
      expectation: (item) => item.title,
      severity: (item) => item.expectation.severity ?? 'error',
      description: (item) => item.expectation.description,
    },
  );

function addSuggest(expectations: Command): void {
  const suggest = expectations
    .command('suggest <reference>')
    .description(
      'expectations that a version fulfils, read from its rows; with --json as a list that `set` takes',
    )
    .option('--apply', 'set them')
    .action(async (text: string, options: { apply?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const reference = toReference(text);
      const found = await session.client.validation.suggest(reference);
      if (options.apply) {
        const set = await session.client.validation.putExpectations({
          name: reference.name,
          expectations: found.expectations,
        });
        session.show(set, describeList);
      } else if (session.json) session.show(found.expectations, () => '');
      else session.show(found, describeSuggestion);
    });
  example(suggest, 'datasets expectations suggest prices@3 --apply');
}

const describeSuggestion = ({ reference, expectations, titles }: SuggestedExpectations): string[] => [
  `${reference} fulfils ${expectations.length} expectations; --apply sets them, --json writes them for a file`,
  '',
  ...listLines(expectations, titles),
];
