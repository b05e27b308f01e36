import { createInterface } from 'node:readline/promises';
import { Readable } from 'node:stream';
import type { Download } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { writeDownload } from '../../files.ts';
import { example } from '../../pages.ts';
import { toTime } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatBytes } from '../../table.ts';

interface ExportOptions {
  readonly out?: string;
  readonly post?: string;
  readonly apiKey?: string;
  readonly from?: string;
  readonly to?: string;
}

export function addExportCommand(lineage: Command): void {
  const command = lineage
    .command('export')
    .description('all recorded lineage as events of OpenLineage, a line of JSON each')
    .addOption(
      new Option('--format <format>', 'in which words').choices(['openlineage']).default('openlineage'),
    )
    .option('--out <file>', 'write here (default: openlineage.ndjson; - is standard output)')
    .option(
      '--post <url>',
      'send each event to this address instead, e.g. http://marquez:5000/api/v1/lineage',
    )
    .addOption(new Option('--api-key <key>', 'its bearer token').env('OPENLINEAGE_API_KEY'))
    .option('--from <time>', 'recorded since')
    .option('--to <time>', 'recorded until')
    .action(async (options: ExportOptions, self: Command) => {
      const session = sessionOf(self);
      const { from, to } = options;
      const download = await session.client.lineageExport.openLineage({
        from: from === undefined ? undefined : toTime(from),
        to: to === undefined ? undefined : toTime(to),
      });
      if (options.post !== undefined) return post(session, download, options.post, options.apiKey);
      const file = options.out ?? 'openlineage.ndjson';
      const size = await writeDownload(download, file);
      if (file !== '-')
        session.show({ file, size }, (done) => `Wrote ${done.file}, ${formatBytes(done.size)}.`);
    });
  example(
    command,
    'lineage export --out lineage.ndjson\n  $ tidemill lineage export --post http://marquez:5000/api/v1/lineage',
  );
}

/** One after the other, so that what came first is told first; the first that is not taken ends it. */
async function post(
  session: Session,
  download: Download,
  url: string,
  key: string | undefined,
): Promise<void> {
  if (!URL.canParse(url)) throw failures.optionMissing('--post', `'${url}' is no address.`);
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
  let events = 0;
  for await (const body of createInterface({ input: Readable.from(download.content) })) {
    const reply = await fetch(url, { method: 'POST', headers, body }).catch((error: Error) => {
      throw failures.lineageNotTaken(url, events, error.message);
    });
    await reply.body?.cancel();
    if (!reply.ok) throw failures.lineageNotTaken(url, events, `it answers ${reply.status}`);
    events += 1;
  }
  session.show({ url, events }, (done) => `Sent ${done.events} events to ${done.url}.`);
}
