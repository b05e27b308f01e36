import type { Client, Verification } from '@tidemill/sdk';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { example, listUpTo } from '../../pages.ts';
import { toTarget } from '../../parse.ts';
import { sessionOf, setVerdict } from '../../session.ts';
import { tableLines } from '../../table.ts';

interface Version {
  readonly name: string;
  readonly version: string;
  /** The version verified before it. */
  readonly besides?: string | undefined;
}

export function addVerify(datasets: Command): void {
  const verify = datasets
    .command('verify [reference]')
    .description(
      'hash what a version is stored in again, bytes and rows; a name alone means all its versions; exit code 2 on damage',
    )
    .option('--all', 'every version of every dataset')
    .action(async (reference: string | undefined, options: { all?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const found: Verification[] = [];
      for await (const version of versionsOf(session.client, reference, options.all ?? false)) {
        const verified = await verifyWhole(session.client, version);
        session.say(`${verified.reference}: ${verified.checked} chunks, ${verified.damage.length} damaged`);
        found.push(verified);
      }
      session.show(found, describe);
      setVerdict(found.every(({ damage }) => damage.length === 0));
    });
  example(verify, 'datasets verify prices@3');
}

async function* versionsOf(
  client: Client,
  reference: string | undefined,
  isAll: boolean,
): AsyncGenerator<Version> {
  if (reference === undefined && !isAll) throw failures.referenceMissing();
  const { name, version } = toTarget(reference ?? '');
  if (!isAll && version !== null) return yield { name, version };
  const names = isAll
    ? (await listUpTo(Number.MAX_SAFE_INTEGER, (page) => client.datasets.list(page))).map((d) => d.name)
    : [name];
  for (const each of names) {
    const versions = await listUpTo(Number.MAX_SAFE_INTEGER, (page) =>
      client.datasets.listVersions({ name: each, ...page }),
    );
    // Oldest first: each has few chunks that the one before it has not.
    let besides: string | undefined;
    for (const { version: number } of versions.reverse()) {
      yield { name: each, version: String(number), besides };
      besides = String(number);
    }
  }
}

/** Each call ends after some seconds; together they are one answer. */
async function verifyWhole(client: Client, version: Version): Promise<Verification> {
  let sum = await client.datasets.verify(version);
  while (sum.nextCursor !== null) {
    const next = await client.datasets.verify({ ...version, cursor: sum.nextCursor });
    sum = { ...next, checked: sum.checked + next.checked, damage: [...sum.damage, ...next.damage] };
  }
  return sum;
}

function describe(found: readonly Verification[]): string[] {
  const damaged = found.flatMap(({ reference, damage }) => damage.map((each) => ({ reference, each })));
  const checked = found.reduce((sum, each) => sum + each.checked, 0);
  if (damaged.length === 0)
    return [`${found.length} versions, ${checked} chunks: everything is as it was written.`];
  return [
    ...tableLines(damaged, {
      version: ({ reference }) => reference,
      what: ({ each }) => each.what,
      problem: ({ each }) => each.problem,
      rows: ({ each }) => `${each.firstRow} to ${each.lastRow}`,
      blob: ({ each }) => each.blob,
    }),
    'Commit the same rows again, in any format, to any dataset: what is damaged is then stored anew. Or bring the file back from a backup.',
  ];
}
