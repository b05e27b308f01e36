import { existsSync } from 'node:fs';
import type { AuditEntry, AuditVerification } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { verifyAuditFile } from '../../audit-file.ts';
import { failures } from '../../failure.ts';
import { writeDownload } from '../../files.ts';
import { example, listUpTo } from '../../pages.ts';
import { toInteger, toTime } from '../../parse.ts';
import { type Session, sessionOf, setVerdict } from '../../session.ts';
import { formatTime } from '../../table.ts';

interface Filter {
  subject?: string;
  action?: string;
  actor?: string;
  from?: number;
  to?: number;
}

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('who did what: listed, exported, verified');
  addList(audit);
  addExport(audit);
  addVerify(audit);
}

const filtered = (command: Command): Command =>
  command
    .option('--subject <uri>', 'only this thing, e.g. model:forecaster@1; model:* takes all models')
    .option('--action <action>', 'only this action, e.g. endpoint.released; model.* takes all of models')
    .option('--actor <actor>', 'only by this one, e.g. user:mira; token:* takes all tokens')
    .option('--from <time>', 'from this time on', toTime)
    .option('--to <time>', 'before this time', toTime);

const columns = {
  position: (e: AuditEntry) => e.position,
  at: (e: AuditEntry) => formatTime(e.at),
  actor: (e: AuditEntry) => e.actor,
  action: (e: AuditEntry) => e.action,
  subject: (e: AuditEntry) => e.subject,
  detail: (e: AuditEntry) => JSON.stringify(e.detail).slice(0, 80),
};

function addList(audit: Command): void {
  const list = filtered(audit.command('list', { isDefault: true }))
    .description('newest first')
    .option('--limit <number>', 'at most so many', toInteger, 50)
    .action(async ({ limit, ...filter }: Filter & { limit: number }, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.audit.list({ ...filter, ...page }));
      session.list(items, columns, 'Nothing of that kind has happened.');
    });
  example(list, 'audit list --subject model:forecaster@1 --from 2026-11-01');
}

function addExport(audit: Command): void {
  const write = filtered(audit.command('export'))
    .description('all sealed entries, oldest first, as one file; its first line says the head of the chain')
    .requiredOption('-o, --output <file>', 'where to; - prints it')
    .addOption(new Option('--format <format>', 'of the file').choices(['ndjson', 'csv']).default('ndjson'))
    .action(async (options: Filter & { output: string; format: 'ndjson' | 'csv' }, command: Command) => {
      const session = sessionOf(command);
      const { output, ...wanted } = options;
      const bytes = await writeDownload(await session.client.audit.export(wanted), output);
      if (output === '-') return;
      if (session.json) return session.show({ file: output, bytes }, () => []);
      session.say(`Wrote the audit to ${output}, ${bytes} bytes.`);
    });
  example(write, 'audit export -o audit.ndjson');
}

function addVerify(audit: Command): void {
  const verify = audit
    .command('verify [file]')
    .description(
      'recompute the chain, of the server or of an exported file: from where to where it is intact, or the first entry that is not; exit code 2 then',
    )
    .option('--expect <position:digest>', 'a head that was noted before must still be in the chain')
    .action(async (file: string | undefined, { expect }: { expect?: string }, command: Command) => {
      const session = sessionOf(command);
      if (expect !== undefined && !/^[1-9]\d{0,14}:[0-9a-f]{64}$/.test(expect))
        throw failures.expectInvalid(expect);
      if (file !== undefined && !existsSync(file)) throw failures.fileNotFound(file);
      const found = file ? await verifyAuditFile(file, expect) : await verifyServer(session, expect);
      session.show(found, (result) => describe(result, expect));
      setVerdict(found.intact && found.expected !== false);
    });
  example(verify, 'audit verify\n  $ tidemill audit verify audit.ndjson');
}

type Found = Pick<AuditVerification, 'intact' | 'from' | 'to' | 'digest' | 'expected'> & {
  readonly fault: { readonly position: number; readonly problem: string } | null;
};

/** As many calls as it takes, each of so many entries. */
async function verifyServer(session: Session, expect: string | undefined): Promise<Found> {
  let cursor: string | undefined;
  let expected: boolean | null = null;
  for (;;) {
    const part = await session.client.audit.verify({ cursor, expect, limit: 20_000 });
    expected ??= part.expected;
    cursor = part.nextCursor ?? undefined;
    if (cursor !== undefined) {
      if (process.stderr.isTTY) session.say(`${part.to} of ${part.head.position} entries hold`);
      continue;
    }
    const { intact, to, digest, fault } = part;
    return { intact, from: to === null ? null : 1, to, digest, fault, expected };
  }
}

function describe({ to, digest, fault, expected }: Found, expect: string | undefined): string[] {
  const held = to === null ? 'No entry is sealed yet.' : `Entries 1 to ${to} are intact.`;
  return [
    ...(fault ? [to === null ? 'No entry holds.' : held] : [held]),
    ...(fault ? [`NOT INTACT at entry ${fault.position}: ${fault.problem}.`] : []),
    ...(to === null ? [] : [`head  ${to}:${digest}`]),
    ...(expect === undefined
      ? []
      : [expected ? `It holds ${expect}.` : `NOT THE SAME CHAIN: it does not hold ${expect}.`]),
  ];
}
