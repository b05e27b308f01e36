import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newJobSecret, newSecret } from '../access/auth/rules.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { holdsToken, masked, maskFile, maskTokens } from './token-mask.ts';

const stars = (text: string, secrets: readonly string[]) =>
  secrets.reduce((left, secret) => left.replaceAll(secret, `tdm_${'*'.repeat(secret.length - 4)}`), text);

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}

async function read(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts).toString();
}

const secrets = [newSecret(), newJobSecret(), newJobSecret()];
const [a = '', b = '', c = ''] = secrets;
const text = `TOKEN=${a}\n${b} ${c}\ntdm_short is none, nor is tdm-${a.slice(4)}\n"${a}"${'x'.repeat(200)}${b}`;
const shown = stars(text, secrets);

test('a secret becomes stars, wherever it stands, and nothing else does', () => {
  expect(maskTokens(text)).toBe(shown);
  expect(shown).toContain('tdm_short is none, nor is tdm-');
  expect([a, b, `x${c}y`].map(holdsToken)).toEqual([true, true, true]);
  expect(['', 'tdm_', a.slice(0, 40), shown].map(holdsToken)).toEqual([false, false, false, false]);
});

test('of two that stand together, or one that holds the beginning of another, nothing is left', () => {
  for (const both of [a + b, c + a, `tdm_x${c}`, `${c.slice(0, 30)}tdm_${c.slice(34)}`])
    expect(maskTokens(both)).toBe(`tdm_${'*'.repeat(both.length - 4)}`);
});

test('also when it comes in pieces of any size, and is read from any place', async () => {
  for (const size of [1, 2, 3, 7, 46, 47, 48, 51, 64, 100, 1000])
    expect(await read(masked(pieces(text, size), 0)), String(size)).toBe(shown);
  for (let start = 0; start <= text.length; start++) {
    const before = Math.max(0, start - 64);
    expect(await read(masked(pieces(text.slice(before), 50), start - before))).toBe(shown.slice(start));
  }
});

test('of one that has only begun to be written, nothing is shown', async () => {
  for (let length = 4; length <= a.length; length++) {
    const found = await read(masked(pieces(`TOKEN=${a.slice(0, length)}`, 5), 0));
    expect(found).toBe(`TOKEN=tdm_${'*'.repeat(length - 4)}`);
  }
});

test('in a file it is overwritten, across the blocks that are read', async () => {
  const path = join(await tempDir(), 'out.log');
  for (const before of [0, 1_048_576 - 100, 1_048_576 - 64, 1_048_576 - 20, 1_048_575]) {
    await writeFile(path, `${'.'.repeat(before)}${text}${'.'.repeat(1_048_576)}${c}`);
    await maskFile(path);
    const left = await readFile(path, 'utf8');
    expect(
      left === `${'.'.repeat(before)}${shown}${'.'.repeat(1_048_576)}${stars(c, [c])}`,
      String(before),
    ).toBe(true);
  }
  await writeFile(path, a);
  await symlink(path, `${path}.link`);
  for (const other of ['none', 'link']) await maskFile(`${path}.${other}`);
  expect(await readFile(path, 'utf8')).toBe(a);
});
