import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditContent, auditGenesis } from '@tidemill/contract';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyAuditFile } from '../../../../cli/src/audit-file.ts';
import { type DatabaseHandle, type Db, kindOf } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { createAudit, createChanges } from './service.ts';

const logger = createLogger('silent');
let now = Date.UTC(2026, 0, 1);
const clock = { now: () => (now += 1000) };
let workspaces = 0;

function openAudit(db: Db) {
  const caller: Caller = { actor: 'user:ada', role: 'admin', workspace: `chain${workspaces++}` };
  const events = createEvents({ db, clock, logger });
  const changes = createChanges({ db, clock, events });
  const audit = createAudit({ db, clock, logger, everyMs: 20 });
  const record = (count: number, by: Partial<Caller> = {}, start = 0) =>
    changes.run({ ...caller, ...by }, async (_tx, note) => {
      for (let n = start; n < start + count; n += 1)
        note({
          action: n % 2 ? 'model.tagged' : 'run.started',
          subject: `model:m@${n}`,
          detail: { n, 'ä"\n': [1e-7] },
        });
    });
  const readExport = async (filter: object = {}) => {
    let text = '';
    const { content } = await audit.export(filter, caller);
    for await (const bytes of content) text += Buffer.from(bytes).toString();
    return text;
  };
  return { audit, caller, record, readExport };
}

/** As somebody would who owns the database: the guards are lifted for one statement. */
async function tamper(db: Db, statement: ReturnType<typeof sql>): Promise<void> {
  if (kindOf(db) === 'postgres') {
    await db.transaction().execute(async (tx) => {
      await sql`set local session_replication_role = replica`.execute(tx);
      await statement.execute(tx);
    });
    return;
  }
  const { rows } = await sql<{ name: string; sql: string }>`select name, sql from sqlite_master
    where type = 'trigger' and name like 'audit%'`.execute(db);
  for (const { name } of rows) await sql`drop trigger ${sql.ref(name)}`.execute(db);
  await statement.execute(db);
  for (const trigger of rows) await sql.raw(trigger.sql).execute(db);
}

const ways = ['change', 'detail', 'delete', 'insert', 'swap', 'reseal', 'cut', 'move'] as const;

/** Some way to make the past of `ids` other than it was, at the entry `at`. */
function forge(way: (typeof ways)[number], workspace: string, ids: readonly number[], at: number) {
  const id = ids[at] ?? 0;
  const other = ids[(at + 1) % ids.length] ?? 0;
  const digest = 'f'.repeat(64);
  switch (way) {
    case 'change':
      return sql`update audit set actor = 'user:eve' where id = ${id}`;
    case 'detail':
      return sql`update audit set detail = replace(detail, '"n":', '"n": ') where id = ${id}`;
    case 'delete':
      return sql`delete from audit where id = ${id}`;
    case 'insert':
      return sql`insert into audit (id, workspace, actor, action, subject, detail, created_at)
        select ${id} - 1, workspace, actor, action, subject, detail, created_at from audit where id = ${id}`;
    case 'swap':
      return sql`update audit set subject = case id when ${id} then (select subject from audit where id = ${other})
        else (select subject from audit where id = ${id}) end where id in (${id}, ${other})`;
    case 'reseal':
      return sql`update audit set hash = ${digest} where id = ${id}`;
    case 'cut':
      return sql`delete from audit where workspace = ${workspace} and id >= ${id}`;
    case 'move':
      return sql`update audit set workspace = 'elsewhere' where id = ${id}`;
  }
}

describeEachDatabase('audit chain', (open) => {
  let handle: DatabaseHandle;
  let folder: Awaited<ReturnType<typeof createTempDir>>;
  beforeAll(async () => {
    handle = await open();
    folder = await createTempDir();
  });
  afterAll(() => folder.remove());

  test('what is recorded is sealed into a chain of its workspace, also what was there before', async () => {
    const { audit, caller, record } = openAudit(handle.db);
    const neighbour = openAudit(handle.db);
    await record(3);
    await neighbour.record(2);
    await record(2);
    expect(await audit.verify({}, caller)).toMatchObject({
      intact: true,
      from: 1,
      to: 5,
      head: { position: 5 },
    });
    expect(await neighbour.audit.verify({}, neighbour.caller)).toMatchObject({ intact: true, to: 2 });
    const { items } = await audit.list({}, caller);
    expect(items.map(({ position }) => position)).toEqual([5, 4, 3, 2, 1]);
    expect(items[0]?.digest).toBe((await audit.verify({}, caller)).head.digest);
    expect(await openAudit(handle.db).audit.verify({}, { ...caller, workspace: 'empty' })).toMatchObject({
      intact: true,
      to: null,
      digest: auditGenesis,
    });
  });

  test('it is sealed by itself within moments', async () => {
    const { audit, caller, record } = openAudit(handle.db);
    audit.start();
    await record(1);
    await expect
      .poll(async () => (await audit.list({}, caller)).items[0]?.position, { timeout: 3000 })
      .toBe(1);
    await record(1);
    await audit.stop();
    expect((await audit.list({}, caller)).items[0]?.position).toBe(2);
  });

  test('rows are only ever added', async () => {
    const { audit, caller, record } = openAudit(handle.db);
    const { db } = handle;
    await record(2);
    await audit.verify({}, caller);
    const { workspace } = caller;
    const refused = (statement: ReturnType<typeof sql>) =>
      expect(statement.execute(db)).rejects.toThrow('the audit is append-only');
    await refused(sql`update audit set actor = 'user:eve' where workspace = ${workspace}`);
    await refused(sql`update audit set hash = 'x' where workspace = ${workspace}`);
    await refused(sql`delete from audit where workspace = ${workspace}`);
    await refused(sql`update audit_heads set position = 1 where workspace = ${workspace}`);
    await refused(sql`delete from audit_heads where workspace = ${workspace}`);
    await record(1);
    await refused(
      sql`update audit set detail = '{}', hash = 'x' where workspace = ${workspace} and hash is null`,
    );
    if (kindOf(db) === 'postgres') await refused(sql`truncate audit`);
    expect(await audit.verify({}, caller)).toMatchObject({ intact: true, to: 3 });
  });

  test('any change, deletion, insertion or swap of a sealed entry is found where it was made', async () => {
    const { db } = handle;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ways),
        fc.integer({ min: 2, max: 6 }),
        fc.nat(),
        async (way, count, seed) => {
          const { audit, caller, record, readExport } = openAudit(db);
          // Another workspace's between them, whose place what is put in between may take.
          for (let n = 0; n < count; n += 1) {
            await record(1, {}, n);
            await openAudit(db).record(1);
          }
          expect(await audit.verify({}, caller)).toMatchObject({ intact: true, to: count });
          const { items } = await audit.list({}, caller);
          const ids = items.map(({ id }) => id).reverse();
          const at = seed % count;
          await tamper(
            db,
            way === 'insert' ? sql`delete from audit where id = ${(ids[at] ?? 0) - 1}` : sql`select 1`,
          );
          await tamper(db, forge(way, caller.workspace, ids, at));
          const found = await audit.verify({}, caller);
          expect(found.intact, way).toBe(false);
          const first = way === 'swap' ? Math.min(at, (at + 1) % count) : at;
          expect(found.fault?.position, way).toBe(first + 1);
          expect(found.to, way).toBe(first === 0 ? null : first);
          const file = join(folder.path, `${caller.workspace}.ndjson`);
          await writeFile(file, await readExport());
          expect(await verifyAuditFile(file), way).toMatchObject({
            intact: false,
            fault: { position: first + 1 },
          });
        },
      ),
      { numRuns: 24 },
    );
  });

  test('who rewrites the whole chain is known by a head that was noted before', async () => {
    const { audit, caller, record } = openAudit(handle.db);
    await record(3);
    const { head, digest } = await audit.verify({}, caller);
    const noted = `${head.position}:${digest}`;
    await record(1);
    expect(await audit.verify({ expect: noted }, caller)).toMatchObject({ intact: true, expected: true });
    expect(await audit.verify({ expect: `2:${digest}` }, caller)).toMatchObject({ expected: false });
    expect(await audit.verify({ expect: `9:${digest}` }, caller)).toMatchObject({ expected: false });
  });

  test('a long chain is verified in parts, and none is passed over', async () => {
    const { audit, caller, record } = openAudit(handle.db);
    await record(1200);
    const first = await audit.verify({ limit: 700 }, caller);
    expect(first).toMatchObject({ intact: true, from: 1, to: 700 });
    const rest = await audit.verify({ limit: 700, cursor: first.nextCursor ?? '' }, caller);
    expect(rest).toMatchObject({ intact: true, from: 701, to: 1200, nextCursor: null });
    await expect(audit.verify({ cursor: 'no' }, caller)).rejects.toThrow(/cursor/i);
  });

  test('servers that record and seal at the same time make one chain', async () => {
    const caller: Caller = { actor: 'user:ada', role: 'admin', workspace: `chain${workspaces++}` };
    const servers = await Promise.all([handle, await open()].map(async ({ db }) => openAudit(db)));
    for (const { audit } of servers) audit.start();
    await Promise.all(
      Array.from({ length: 120 }, (_, n) =>
        servers[n % 2]?.record((n % 3) + 1, { workspace: caller.workspace }),
      ),
    );
    await Promise.all(servers.map(({ audit }) => audit.stop()));
    const [server] = servers;
    expect(await server?.audit.verify({}, caller)).toMatchObject({ intact: true, to: 240 });
  });

  test('the list is filtered by who, what, on what and when, and paged', async () => {
    const { audit, caller, record } = openAudit(handle.db);
    await record(4);
    await record(2, { actor: 'token:ci' });
    const counts = async (filter: object) => (await audit.list(filter, caller)).items.length;
    expect(await counts({ actor: 'user:ada' })).toBe(4);
    expect(await counts({ actor: 'token:*' })).toBe(2);
    expect(await counts({ action: 'model.*' })).toBe(3);
    expect(await counts({ action: 'model.' })).toBe(0);
    expect(await counts({ subject: 'model:m@3', actor: 'user:ada' })).toBe(1);
    const { items } = await audit.list({}, caller);
    const middle = items[2]?.at ?? 0;
    expect(await counts({ from: middle })).toBe(items.filter(({ at }) => at >= middle).length);
    expect(await counts({ to: middle })).toBe(items.filter(({ at }) => at < middle).length);
    expect(await counts({ from: middle, to: middle })).toBe(0);
    const first = await audit.list({ limit: 4 }, caller);
    const second = await audit.list({ limit: 4, cursor: first.nextCursor ?? '' }, caller);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(items.map(({ id }) => id));
  });

  test('an export is each line as it was sealed, and says when it was cut short', async () => {
    const { audit, caller, record, readExport } = openAudit(handle.db);
    await record(5);
    const text = await readExport();
    const [start = '', ...lines] = text.trimEnd().split('\n');
    const { head } = await audit.verify({}, caller);
    expect(JSON.parse(start)).toMatchObject({ filter: null, head: { position: 5, digest: head.digest } });
    const entry = JSON.parse(lines[0] ?? '');
    expect(lines[0]).toContain(auditContent({ ...entry, detail: JSON.stringify(entry.detail) }).slice(0, -1));
    const file = join(folder.path, 'whole.ndjson');
    await writeFile(file, text);
    expect(await verifyAuditFile(file, `5:${head.digest}`)).toMatchObject({
      intact: true,
      to: 5,
      expected: true,
    });
    await writeFile(file, `${[start, ...lines.slice(0, -1)].join('\n')}\n`);
    expect(await verifyAuditFile(file)).toMatchObject({ intact: false, to: 4 });
    await writeFile(file, `${[start, ...lines.slice(0, 2), ...lines.slice(3)].join('\n')}\n`);
    expect(await verifyAuditFile(file)).toMatchObject({ intact: false, fault: { line: 4, position: 3 } });
    await writeFile(file, await readExport({ action: 'model.*' }));
    await expect(verifyAuditFile(file)).rejects.toThrow('selection');
    expect((await readExport({ format: 'csv' })).split('\n')[1]).toMatch(/^1,\d+,2026-.*"\{""n"":0,/);
  });
});
