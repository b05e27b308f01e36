import type { SourceLocation, SourceMode, TableFormat } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { readText } from '../../files.ts';
import { dateFormatHelp, repeated, tableFormats, toInteger, toNames, toTextPairs } from '../../parse.ts';

export interface DefinitionOptions {
  readonly path?: string;
  readonly http?: string;
  readonly s3?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly query?: string;
  readonly queryFile?: string;
  readonly secret?: string[];
  readonly format?: TableFormat;
  readonly mapping?: string[];
  readonly dateFormat?: string[];
  readonly mode?: SourceMode;
  readonly key?: string[];
  readonly cursor?: string;
  readonly lookback?: number;
  readonly schedule?: string;
  readonly timeZone?: string;
}

export const addDefinitionOptions = (command: Command): Command =>
  command
    .option('--path <pattern>', "a file on the server's machine, or several: '/data/prices/*.csv'")
    .option('--http <url>', 'a web address, http or https')
    .option('--s3 <url>', 's3://bucket/key, or a pattern of keys')
    .option('--endpoint <url>', 'of an S3-compatible store other than AWS')
    .option('--region <name>', 'of the bucket')
    .option('--query <sql>', 'a SELECT for PostgreSQL, whose address is the secret url')
    .option('--query-file <file>', 'the same from a file; - is standard input')
    .option(
      '--secret <name=file...>',
      'a secret from a file: bearer, basic, query, header:NAME; accessKeyId, secretAccessKey, sessionToken; url',
    )
    .addOption(new Option('--format <format>', 'default: from the name').choices(tableFormats))
    .option('--mapping <ours=theirs,…>', 'rename columns: date=Date,close=Close/Last', toNames)
    .option('--date-format <format>', dateFormatHelp, repeated)
    .addOption(
      new Option('--mode <mode>', 'default: upsert with a key, append with a cursor, else replace').choices([
        'replace',
        'append',
        'upsert',
      ]),
    )
    .option('--key <columns>', 'put rows in the place of those with the same key (upsert)', toNames)
    .option('--cursor <column>', 'read only rows behind its greatest value so far')
    .option(
      '--lookback <n>',
      'read again so many seconds (date: days, number: units) before it; needs --key',
      toInteger,
    )
    .option('--schedule <cron>', "when to pull: '30 6 * * 1-5'")
    .option('--time-zone <name>', 'of the schedule (default UTC)');

export async function toDefinition(options: DefinitionOptions) {
  const { format, mapping, dateFormat, mode, key, cursor, lookback, schedule, timeZone } = options;
  const from = await toLocation(options);
  toTextPairs(mapping ?? []);
  return {
    ...(from && { from }),
    ...(format !== undefined && { format }),
    ...(mapping !== undefined && { mapping: mapping.join(',') }),
    ...(dateFormat !== undefined && { dateFormat: dateFormat.join(',') }),
    ...(mode !== undefined && { mode }),
    ...(key !== undefined && { key: key.join(',') }),
    ...(cursor !== undefined && {
      cursor: { column: cursor, ...(lookback !== undefined && { lookback }) },
    }),
    ...(schedule !== undefined && {
      schedule: { cron: schedule, ...(timeZone !== undefined && { timeZone }) },
    }),
  };
}

async function toLocation(options: DefinitionOptions): Promise<SourceLocation | null> {
  const { path, http, s3, endpoint, region, queryFile } = options;
  if (path !== undefined) return { kind: 'path', path };
  if (http !== undefined) return { kind: 'http', url: http };
  if (s3 !== undefined)
    return {
      ...{ kind: 's3', url: s3 },
      ...(endpoint !== undefined && { endpoint }),
      ...(region !== undefined && { region }),
    };
  const query = queryFile === undefined ? options.query : await readText(queryFile);
  return query === undefined ? null : { kind: 'postgres', query };
}

/** Never from the command line itself: that stands in the shell's history and the list of processes. */
export async function toSecrets({ secret = [] }: DefinitionOptions): Promise<Record<string, string> | null> {
  const secrets: Record<string, string> = {};
  for (const [name, file] of Object.entries(toTextPairs(secret))) {
    const text = (await readText(file)).replace(/\r?\n$/, '');
    if (text === '') throw failures.optionMissing('--secret', `${file} is empty.`);
    secrets[name] = text;
  }
  return Object.keys(secrets).length > 0 ? secrets : null;
}
