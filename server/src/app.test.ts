import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestPlatform } from './testing/platform.ts';
import { tempDir } from './testing/temp-dir.ts';

test('a start removes the half-written files of a process that was killed', async () => {
  const folder = await tempDir();
  const left = join(folder, 'tmp', 'commit_1');
  await mkdir(left, { recursive: true });
  await writeFile(join(left, 'upload.csv'), 'a,b\n1');
  const platform = await createTestPlatform({ dataFolder: folder });
  expect(existsSync(left)).toBe(false);
  await platform.close();
});
