import type { Client, Garbage } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { toSeconds } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatBytes, formatTime, tableLines } from '../../table.ts';

interface GcOptions {
  olderThan?: number;
  grace?: number;
  apply?: boolean;
}

export function addGarbageCommands(program: Command): void {
  const gc = program
    .command('gc')
    .description(
      'what was deleted long ago, and files that nothing names any more; removes them for good with --apply',
    )
    .option('--older-than <time>', 'deleted at least so long ago (default 30d)', toSeconds)
    .option(
      '--grace <time>',
      'leave files that are younger; an upload may be about to use them (24h)',
      toSeconds,
    )
    .option('--apply', 'remove; without it the command only says what it would remove')
    .action(async (options: GcOptions, command: Command) => {
      const session = sessionOf(command);
      session.show(await collectAll(session.client, options), describe);
    });
  example(gc, 'gc --older-than 7d --apply');
}

/** Each call ends after some seconds, so that no proxy cuts it off; together they are one answer. */
async function collectAll(client: Client, { olderThan, grace, apply }: GcOptions): Promise<Garbage> {
  const input = {
    ...(olderThan !== undefined && { olderThanSeconds: olderThan }),
    ...(grace !== undefined && { graceSeconds: grace }),
    ...(apply && { apply }),
  };
  let sum = await client.garbage.collect(input);
  while (sum.next !== null) sum = add(sum, await client.garbage.collect({ ...input, cursor: sum.next }));
  return sum;
}

const add = (a: Garbage, b: Garbage): Garbage => ({
  applied: b.applied,
  removed: [...a.removed, ...b.removed].slice(0, 1_000),
  kept: [...new Map([...a.kept, ...b.kept].map((thing) => [thing.id, thing])).values()],
  runs: a.runs + b.runs,
  loggedModels: a.loggedModels + b.loggedModels,
  experiments: a.experiments + b.experiments,
  chunks: a.chunks + b.chunks,
  blobs: a.blobs + b.blobs,
  bytes: a.bytes + b.bytes,
  next: b.next,
});

const columns = {
  kind: (thing: Garbage['removed'][number]) => thing.kind,
  id: (thing: Garbage['removed'][number]) => thing.id,
  name: (thing: Garbage['removed'][number]) => thing.name,
  deleted: (thing: Garbage['removed'][number]) => formatTime(thing.deletedAt),
};

function describe(found: Garbage): string[] {
  const sum = `${found.runs} runs, ${found.loggedModels} logged models, ${found.experiments} experiments, ${found.chunks} chunks of datasets, ${found.blobs} files (${formatBytes(found.bytes)})`;
  const unnamed = found.runs + found.loggedModels + found.experiments - found.removed.length;
  return [
    ...(found.removed.length > 0 ? tableLines(found.removed, columns) : []),
    ...found.removed.flatMap(({ folder }) => (folder === null ? [] : [`folder: ${folder}`])),
    ...(unnamed > 0 ? [`… and ${unnamed} more`] : []),
    ...found.kept.map(({ kind, id, usedBy }) => `kept: ${kind} ${id}, as ${usedBy} uses it`),
    found.applied ? `Removed: ${sum}.` : `Would remove: ${sum}. Do it: tidemill gc --apply`,
  ];
}
