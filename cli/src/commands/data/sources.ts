import type { SchemaChange, Source, SourcePull, SourceSample } from '@tidemill/sdk';
import type { Command } from 'commander';
import { keptWarnings, warningText } from '../../import-warnings.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toNames, toReference } from '../../parse.ts';
import { type Session, sessionOf, setVerdict } from '../../session.ts';
import { formatBytes, formatTime, tableLines } from '../../table.ts';
import {
  addDefinitionOptions,
  type DefinitionOptions,
  toDefinition,
  toSecrets,
} from './source-definition.ts';

export function addSourcesCommands(program: Command): void {
  const sources = program
    .command('sources')
    .description('places that tables come from: files, web addresses, S3, PostgreSQL');
  addList(sources);
  addCreate(sources);
  addShow(sources);
  addUpdate(sources);
  addTest(sources);
  addPull(sources);
  addPulls(sources);
  addCancel(sources);
  addDelete(sources);
}

const lastOf = ({ lastPull }: Source): string =>
  lastPull ? `${lastPull.state} ${formatTime(lastPull.finishedAt ?? lastPull.createdAt)}` : 'never pulled';

function addList(sources: Command): void {
  const list = sources
    .command('list')
    .description('sources with their last pulls')
    .addOption(limitOption())
    .action(async ({ limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.sources.list(page));
      session.list(
        items,
        {
          name: (s) => s.name,
          kind: (s) => s.from.kind,
          location: (s) => s.location,
          dataset: (s) => s.dataset,
          mode: (s) => s.mode,
          'last pull': lastOf,
          'next pull': (s) => formatTime(s.nextPullAt),
        },
        'No sources. Create one: tidemill sources create prices --http https://…/prices.csv',
      );
    });
  example(list, 'sources list');
}

function addCreate(sources: Command): void {
  const create = addDefinitionOptions(
    sources
      .command('create <name>')
      .description('name a place that tables come from; it is read once, and refused if that fails')
      .option('--dataset <name>', 'whose versions it becomes (default: the name of the source)'),
  ).action(async (name: string, options: DefinitionOptions & { dataset?: string }, command: Command) => {
    const session = sessionOf(command);
    const { from, ...definition } = await toDefinition(options);
    if (!from) throw command.error('error: say where it is: one of --path, --http, --s3 and --query(-file)');
    const secrets = await toSecrets(options);
    const source = await session.client.sources.create({
      ...{ name, from, ...definition },
      ...(options.dataset !== undefined && { dataset: options.dataset }),
      ...(secrets && { secrets }),
    });
    session.show(source, (s) => [
      `Created ${s.name}: ${s.location} -> ${s.dataset}.`,
      `Pull it: tidemill sources pull ${s.name}`,
    ]);
  });
  example(
    create,
    "sources create orders --query 'select * from orders' --secret url=orders.url --cursor updated_at --schedule '0 6 * * *'",
  );
}

const describeSource = (source: Source): string[] => [
  `${source.name}  ${source.from.kind}  ${source.location}`,
  `dataset   ${source.dataset} (${source.mode}${source.key ? ` by ${source.key}` : ''})`,
  ...(source.from.kind === 'postgres' ? [`query     ${source.from.query}`] : []),
  `secrets   ${source.secrets.join(' ') || 'none'}`,
  ...(source.format ? [`format    ${source.format}`] : []),
  ...(source.mapping ? [`mapping   ${source.mapping}`] : []),
  ...(source.dateFormat ? [`dates     ${source.dateFormat}`] : []),
  ...(source.cursor ? [`cursor    ${source.cursor.column} > ${source.cursor.value ?? '(nothing yet)'}`] : []),
  ...(source.schedule
    ? [`schedule  ${source.schedule.cron} ${source.schedule.timeZone}, next ${formatTime(source.nextPullAt)}`]
    : []),
  `last pull ${lastOf(source)}`,
  ...(source.lastPull ? describeTrouble(source.lastPull) : []),
];

function addShow(sources: Command): void {
  const show = sources
    .command('show <name>')
    .description('one source, without its secrets')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.sources.get({ name }), describeSource);
    });
  example(show, 'sources show orders');
}

interface Removals {
  readonly remove?: string[];
}

function addUpdate(sources: Command): void {
  const update = addDefinitionOptions(
    sources
      .command('update <name>')
      .description('change what is given; the rest stays')
      .option('--remove <names>', 'format, mapping, dateFormat, key, cursor, schedule, or a secret', toNames),
  ).action(async (name: string, options: DefinitionOptions & Removals, command: Command) => {
    const session = sessionOf(command);
    const plain = ['format', 'mapping', 'dateFormat', 'key', 'cursor', 'schedule'];
    const removed = options.remove ?? [];
    const nothing = (names: string[]) => Object.fromEntries(names.map((each) => [each, null]));
    const secrets = {
      ...(await toSecrets(options)),
      ...nothing(removed.filter((each) => !plain.includes(each))),
    };
    const source = await session.client.sources.update({
      name,
      ...(await toDefinition(options)),
      ...nothing(removed.filter((each) => plain.includes(each))),
      ...(Object.keys(secrets).length > 0 && { secrets }),
    });
    session.show(source, describeSource);
  });
  example(update, "sources update orders --schedule '0 7 * * 1-5' --time-zone Europe/Berlin");
}

function addTest(sources: Command): void {
  const test = sources
    .command('test <name>')
    .description('what a pull would read: columns, first rows, and how they differ from the dataset')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.sources.test({ name }), describeSample);
    });
  example(test, 'sources test orders');
}

function describeSample({
  location,
  files,
  columns,
  rows,
  isWhole,
  change,
  warnings,
}: SourceSample): string[] {
  const cells = Object.fromEntries(
    columns.map(({ name }) => [name, (row: Record<string, unknown>) => row[name]]),
  );
  return [
    `${location}: ${files.join(', ')}${isWhole ? '' : ' (the beginning)'}`,
    '',
    ...tableLines(columns, { column: (c) => c.name, type: (c) => c.type }),
    '',
    ...tableLines(rows, cells),
    ...(change ? ['', ...describeChange(change)] : []),
    ...(warnings.length > 0 ? ['', ...warnings.map(warningText)] : []),
  ];
}

const describeChange = (change: SchemaChange): string[] => [
  `Columns differ from ${change.against}:`,
  ...change.added.map(({ name, type }) => `  added    ${name} (${type})`),
  ...change.removed.map(({ name, type }) => `  removed  ${name} (${type})`),
  ...change.retyped.map(({ name, before, after }) => `  retyped  ${name} from ${before} to ${after}`),
];

const describeTrouble = ({ source, change, error, state }: SourcePull): string[] => [
  ...(error ? [error.message] : []),
  ...(change && state === 'schema-changed'
    ? [...describeChange(change), `Accept them: tidemill sources pull ${source} --accept-schema`]
    : []),
];

interface PullOptions {
  readonly acceptSchema?: boolean;
  readonly full?: boolean;
  readonly wait?: boolean;
}

function addPull(sources: Command): void {
  const pull = sources
    .command('pull <name>')
    .description('read a source into a new version; exit code 2 when its columns changed or it failed')
    .option('--accept-schema', 'go on with the columns that the last pull stopped at')
    .option('--full', 'from the beginning, replacing what the dataset holds')
    .option('--no-wait', 'do not wait for the end')
    .action(async (name: string, options: PullOptions, command: Command) => {
      const session = sessionOf(command);
      const { acceptSchema, full } = options;
      let found = await session.client.sources.pull({ name, acceptSchema, full });
      while (options.wait !== false && ['queued', 'running'].includes(found.state)) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        found = await session.client.sources.getPull({ name, id: found.id });
      }
      session.show(found, describePull);
      if (found.state === 'succeeded') await tellWarnings(session, found);
      setVerdict(!['schema-changed', 'failed', 'cancelled'].includes(found.state));
    });
  example(pull, 'sources pull orders');
}

async function tellWarnings({ client, say }: Session, { version }: SourcePull): Promise<void> {
  if (version === null) return;
  const made = await client.datasets.getVersion(toReference(version));
  for (const warning of keptWarnings(made)) say(warningText(warning));
}

function describePull(pull: SourcePull): string[] {
  const amount = `${pull.rows ?? 0} rows, ${formatBytes(pull.bytes ?? 0)} read`;
  if (pull.state === 'succeeded') return [`${pull.version}: ${amount}.`];
  if (pull.state === 'unchanged') return [`Nothing new: ${pull.version} is the latest.`];
  if (pull.state === 'queued' || pull.state === 'running') return [`${pull.id} is ${pull.state}.`];
  return [`Stopped: ${pull.state}.`, ...describeTrouble(pull)];
}

function addPulls(sources: Command): void {
  const pulls = sources
    .command('pulls <name>')
    .description('its pulls, newest first')
    .addOption(limitOption())
    .action(async (name: string, { limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.sources.listPulls({ name, ...page }));
      session.list(
        items,
        {
          id: (p) => p.id,
          at: (p) => formatTime(p.createdAt),
          by: (p) => p.createdBy,
          state: (p) => p.state,
          rows: (p) => p.rows,
          read: (p) => (p.bytes === null ? null : formatBytes(p.bytes)),
          version: (p) => p.version,
          cursor: (p) => p.cursor?.to ?? null,
          error: (p) => p.error?.message ?? null,
        },
        'It was not pulled yet.',
      );
    });
  example(pulls, 'sources pulls orders');
}

function addCancel(sources: Command): void {
  const cancel = sources
    .command('cancel <name>')
    .description('stop the pull that has not ended; the dataset stays as it is')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await cancelLast(session, name), (pull) =>
        pull ? `${pull.id} is ${pull.state}.` : 'It was never pulled.',
      );
    });
  example(cancel, 'sources cancel orders');
}

async function cancelLast(session: Session, name: string): Promise<SourcePull | null> {
  const { lastPull } = await session.client.sources.get({ name });
  return lastPull && session.client.sources.cancelPull({ name, id: lastPull.id });
}

function addDelete(sources: Command): void {
  const remove = sources
    .command('delete <name>')
    .description('delete a source with its secrets and history; the versions it made stay')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.sources.delete({ name }), () => `Deleted ${name}.`);
    });
  example(remove, 'sources delete orders');
}
