import type { Erasure, SubjectFindings, SubjectPlace } from '@tidemill/contract';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { type Session, sessionOf, setVerdict } from '../../session.ts';
import { formatTime, tableLines } from '../../table.ts';

const pollMs = 500;

export function addSubjects(subjects: Command): void {
  addFind(subjects);
  addErase(subjects);
  addList(subjects);
  addShow(subjects);
}

interface KeyOptions {
  readonly key: readonly string[];
}

const withKey = (command: Command): Command =>
  command.requiredOption('--key <column=value...>', 'whose rows: key columns and their values, all together');

function addFind(subjects: Command): void {
  const find = withKey(subjects.command('find'))
    .description('where rows of a subject are, and which models learned from them; changes nothing')
    .action(async (options: KeyOptions, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.subjects.locate({ key: toKey(options) }), describeFindings);
    });
  example(find, 'subjects find --key customer=42');
}

interface EraseOptions extends KeyOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly follow: boolean;
}

function addErase(subjects: Command): void {
  const erase = withKey(subjects.command('erase'))
    .description(
      'erase a subject from every dataset version, the online store and the prediction log; without --yes only says where it is. Exit code 2 while somebody has not erased it',
    )
    .option('--reason <text>', 'why; the audit trail keeps it')
    .option('--yes', 'do it: rows that are erased cannot be brought back')
    .option('--no-follow', 'do not wait until all have acknowledged')
    .action(async (options: EraseOptions, command: Command) => {
      const session = sessionOf(command);
      const key = toKey(options);
      if (!options.yes) {
        session.show(await session.client.subjects.locate({ key }), (found) => [
          ...describeFindings(found),
          'Nothing was erased. Add --yes and --reason to do it.',
        ]);
        return;
      }
      if (!options.reason) throw failures.optionMissing('--reason', 'say why the rows are to be erased.');
      const begun = await session.client.subjects.erase({ key, reason: options.reason, confirm: true });
      if (begun.wasRunning) session.say(`${begun.id} was running already.`);
      await showErasure(session, options.follow ? await follow(session, begun) : begun);
    });
  example(erase, 'subjects erase --key customer=42 --reason "asked by letter of 3 May" --yes');
}

function addList(subjects: Command): void {
  const list = subjects
    .command('list')
    .description('erasures, newest first')
    .addOption(limitOption())
    .action(async ({ limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.subjects.list(page));
      session.list(
        items,
        {
          id: (e) => e.id,
          state: (e) => e.state,
          columns: (e) => e.columns.join(', '),
          rows: (e) => e.rows,
          'not yet': (e) => e.waiting.join(', '),
          models: (e) => e.models.length,
          by: (e) => e.createdBy,
          at: (e) => formatTime(e.createdAt),
          reason: (e) => e.reason,
        },
        'Nobody has been erased.',
      );
    });
  example(list, 'subjects list');
}

function addShow(subjects: Command): void {
  const show = subjects
    .command('show <id>')
    .description('who has erased what, and who has not yet')
    .option('--follow', 'wait until all have acknowledged')
    .action(async (id: string, options: { follow?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.subjects.get({ id });
      await showErasure(session, options.follow ? await follow(session, found) : found);
    });
  example(show, 'subjects show erasure_0199f3 --follow');
}

async function follow(session: Session, begun: Erasure): Promise<Erasure> {
  let told = '';
  for (let found = begun; ; found = await session.client.subjects.get({ id: begun.id })) {
    if (found.state === 'done') return found;
    const text = `waiting for ${found.waiting.join(', ')}`;
    if (text !== told) session.say(text);
    told = text;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function showErasure(session: Session, erasure: Erasure): Promise<void> {
  session.show(erasure, describeErasure);
  setVerdict(erasure.state === 'done');
}

/** `customer=42`; what follows the first = is the value. */
function toKey({ key }: KeyOptions): Record<string, string> {
  return Object.fromEntries(
    key.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw failures.optionMissing('--key', `'${pair}' is no column=value.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

const placeLines = (holder: string, places: readonly SubjectPlace[]) =>
  places.map((place) => ({ holder, ...place }));

function describeFindings(found: SubjectFindings): string[] {
  const places = found.holders.flatMap(({ holder, places: some }) => placeLines(holder, some));
  return [
    ...(places.length === 0
      ? ['No row of this subject was found.']
      : tableLines(places, { holder: (p) => p.holder, where: (p) => p.what, rows: (p) => p.rows })),
    ...found.holders.flatMap(({ holder, error }) =>
      error === null ? [] : [`${holder} cannot say: ${error}`],
    ),
    ...found.models.map((uri) => `learned from them: ${uri}`),
    ...found.derived.map((uri) => `made of them, without the key: ${uri}`),
    ...found.remains.map((text) => `no erasure reaches ${text}`),
  ];
}

function describeErasure(erasure: Erasure): string[] {
  const places = erasure.holders.flatMap(({ holder, places: some }) => placeLines(holder, some));
  return [
    `${erasure.id}  ${erasure.state}  ${erasure.rows} rows`,
    ...tableLines(erasure.holders, {
      holder: (h) => h.holder,
      state: (h) => h.state,
      rows: (h) => h.rows,
      attempts: (h) => (h.attempts === 0 ? null : h.attempts),
      acknowledged: (h) => formatTime(h.acknowledgedAt),
      problem: (h) => h.error,
    }),
    ...places.map(({ what, rows, oldDigest, newDigest }) =>
      oldDigest && newDigest
        ? `${what}: ${rows} rows; ${oldDigest.slice(0, 12)}… was erased by request, now ${newDigest.slice(0, 12)}…`
        : `${what}: ${rows} rows`,
    ),
    ...erasure.holders.flatMap(({ holder, kept }) =>
      kept === 0 ? [] : [`${holder}: ${kept} files with such rows stay, as others name them`],
    ),
    ...erasure.models.map((uri) => `learned from them, and unchanged: ${uri}`),
    ...erasure.derived.map((uri) => `made of them, without the key, and unchanged: ${uri}`),
    ...erasure.remains.map((text) => `not reached: ${text}`),
  ];
}
