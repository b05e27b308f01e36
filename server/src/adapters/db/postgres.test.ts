import { expect, test } from 'vitest';
import { openPostgres } from './postgres.ts';

test('a server that does not answer is named without user and password', async () => {
  const failed = openPostgres({ url: 'postgres://zoe:secret@127.0.0.1:1/tidemill' });
  await expect(failed).rejects.toMatchObject({ code: 'databaseUnreachable' });
  await expect(failed).rejects.toThrow(/127\.0\.0\.1:1\/tidemill/);
  await expect(failed).rejects.not.toThrow(/zoe|secret/);
});

test.each(['', 'a b', 'x;drop schema public', 'Ä', '1st'])('%j cannot be a schema', async (schema) => {
  await expect(openPostgres({ url: 'postgres://127.0.0.1:1/x', schema })).rejects.toMatchObject({
    code: 'configInvalid',
  });
});
