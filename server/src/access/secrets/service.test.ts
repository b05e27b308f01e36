import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Db, transact } from '../../adapters/db/db.ts';
import { systemClock } from '../../base/clock.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { newKeyText, parseKey, type SecretAddress, seal, toKey, unseal } from './rules.ts';
import { createSecrets } from './service.ts';

const address: SecretAddress = { workspace: 'default', owner: 'webhook:w1', name: 'signature' };
const newKey = () => toKey(parseKey(newKeyText()) ?? Buffer.alloc(0), 'a test');

async function open(db: Db, change: { key?: Buffer; file?: string } = {}) {
  const file = change.file ?? join(await tempDir(), 'secret.key');
  const secrets = createSecrets({ db, clock: systemClock, key: change.key ?? null, file });
  const put = (value: string, at = address) => transact(db, (tx) => secrets.put(tx, at, value));
  return { secrets, put, file };
}

describeEachDatabase('secrets', (openDatabase) => {
  test('what is put is found again, also by the next process, and its row tells nothing', async () => {
    const { db } = await openDatabase();
    const { secrets, put, file } = await open(db);
    const at = { ...address, owner: 'webhook:kept' };
    expect(await secrets.find(at)).toBeNull();
    await put('first', at);
    await put('sword fish ☂', at);
    expect(await secrets.find(at)).toBe('sword fish ☂');
    expect(await (await open(db, { file })).secrets.find(at)).toBe('sword fish ☂');
    const row = await db.selectFrom('secrets').selectAll().where('owner', '=', at.owner).executeTakeFirst();
    expect(JSON.stringify(row)).not.toContain('fish');
    expect(row?.ciphertext).not.toContain(Buffer.from('sword fish').toString('base64').slice(0, 8));
    await transact(db, (tx) => secrets.delete(tx, at));
    expect(await secrets.find(at)).toBeNull();
  });

  test('a change that fails leaves no secret', async () => {
    const { db } = await openDatabase();
    const { secrets } = await open(db);
    const at = { ...address, owner: 'webhook:undone' };
    const failed = transact(db, async (tx) => {
      await secrets.put(tx, at, 'x');
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    expect(await secrets.find(at)).toBeNull();
  });

  test('another key, no key and a changed row are told apart, without the value', async () => {
    const { db } = await openDatabase();
    const at = { ...address, owner: 'webhook:foreign' };
    const { secrets, put, file } = await open(db);
    await put('swordfish', at);
    const other = await open(db, { key: newKey().bytes });
    await expect(other.secrets.find(at)).rejects.toMatchObject({ code: 'secretKeyOther' });
    await expect((await open(db)).secrets.find(at)).rejects.toMatchObject({ code: 'secretKeyMissing' });
    const copied = { ...at, owner: 'webhook:thief' };
    const row = await db
      .selectFrom('secrets')
      .selectAll()
      .where('owner', '=', at.owner)
      .executeTakeFirstOrThrow();
    await db
      .insertInto('secrets')
      .values({ ...row, owner: copied.owner })
      .execute();
    const failure = await secrets.find(copied).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'secretDamaged' });
    expect((failure as Error).message).not.toContain('swordfish');
    expect(await readFile(file, 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  });
});

describe('the key', () => {
  test('is made on first use, for its owner alone, and never by looking', async () => {
    const folder = await tempDir();
    const file = join(folder, 'secret.key');
    const secrets = createSecrets({ db: null as unknown as Db, clock: systemClock, key: null, file });
    secrets.start();
    await expect(stat(file)).rejects.toThrow('ENOENT');
    await expect(secrets.put(null as unknown as Db, address, 'x')).rejects.toThrow();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test.each([0o640, 0o604, 0o622])('is refused when its mode is %o', async (mode) => {
    const file = join(await tempDir(), 'secret.key');
    await writeFile(file, newKeyText());
    await chmod(file, mode);
    const secrets = createSecrets({ db: null as unknown as Db, clock: systemClock, key: null, file });
    expect(() => secrets.start()).toThrow(
      expect.objectContaining({ code: 'secretKeyExposed', details: { file, mode: mode.toString(8) } }),
    );
    await chmod(file, 0o600);
    secrets.start();
  });

  test('half a key is no key', async () => {
    const file = join(await tempDir(), 'secret.key');
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, newKeyText().slice(0, 20), { mode: 0o600 });
    const secrets = createSecrets({ db: null as unknown as Db, clock: systemClock, key: null, file });
    expect(() => secrets.start()).toThrow(expect.objectContaining({ code: 'secretKeyInvalid' }));
  });

  test('is 32 bytes in base64 or hex, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (array) => {
        const bytes = Buffer.from(array);
        for (const encoding of ['hex', 'base64', 'base64url'] as const)
          expect(parseKey(` ${bytes.toString(encoding)}\n`)?.equals(bytes)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (array) => {
        fc.pre(array.length !== 32);
        expect(parseKey(Buffer.from(array).toString('hex'))).toBeNull();
        // 48 bytes in base64 are 64 letters, which are hex only by a rare chance.
        expect(parseKey(`${Buffer.from(array).toString('base64')}-`)).toBeNull();
      }),
    );
    expect(parseKey('correct horse battery staple')).toBeNull();
  });
});

describe('sealing', () => {
  const key = newKey();
  test('opens to what it was, and never twice to the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (value, owner) => {
        const at = { ...address, owner };
        const sealed = seal(key, at, value);
        expect(unseal(key, at, sealed)).toBe(value);
        expect(seal(key, at, value).ciphertext).not.toBe(sealed.ciphertext);
      }),
    );
  });

  test('any changed bit, place or key refuses to open', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (value, position) => {
        const sealed = seal(key, address, value);
        for (const part of ['ciphertext', 'nonce'] as const) {
          const bytes = Buffer.from(sealed[part], 'base64');
          const at = position % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ (1 << (position % 8));
          expect(unseal(key, address, { ...sealed, [part]: bytes.toString('base64') })).toBeNull();
        }
        expect(unseal(key, { ...address, name: 'other' }, sealed)).toBeNull();
        expect(unseal(key, { ...address, workspace: 'other' }, sealed)).toBeNull();
        expect(unseal(newKey(), address, sealed)).toBeNull();
        expect(unseal(key, address, { ...sealed, ciphertext: '' })).toBeNull();
      }),
    );
  });
});
