import { expect, it } from 'vitest';
import { listZip } from './unzip.ts';

/** As Python's zipfile writes it: a folder, a packed file, a stored program, a link, and a comment. */
const archive =
  'UEsDBBQAAAAAAAAAIVgAAAAAAAAAAAAAAAAEAAAAc3JjL1BLAwQUAAAACAAAACFYYH2k7Q4AAAC0AAAADAAAAHNyYy90cmFpbi5weSsoyswr0TDU5CoYOgwAUEsDBBQAAAAAAAAAIVjoxcwjCAAAAAgAAAAGAAAAcnVuLnNoZWNobyDDvApQSwMEFAAAAAgAAAAhWAq5HykNAAAACwAAAAQAAABsaW5r008tSdYvSCwuLk8BAFBLAQIUAxQAAAAAAAAAIVgAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAADtQQAAAABzcmMvUEsBAhQDFAAAAAgAAAAhWGB9pO0OAAAAtAAAAAwAAAAAAAAAAAAAAKSBIgAAAHNyYy90cmFpbi5weVBLAQIUAxQAAAAAAAAAIVjoxcwjCAAAAAgAAAAGAAAAAAAAAAAAAADtgVoAAABydW4uc2hQSwECFAMUAAAACAAAACFYCrkfKQ0AAAALAAAABAAAAAAAAAAAAAAA/6GGAAAAbGlua1BLBQYAAAAABAAEANIAAAC1AAAABwBvZiBvdXJz';

const bytes = Uint8Array.from(atob(archive), (letter) => letter.charCodeAt(0));

it('reads the plain files of an archive', async () => {
  const files = await listZip(new Blob([bytes]));
  expect(files.map(({ path, executable, size }) => ({ path, executable, size }))).toEqual([
    { path: 'src/train.py', executable: false, size: 180 },
    { path: 'run.sh', executable: true, size: 8 },
  ]);
  const texts = await Promise.all(files.map(async ({ read }) => new TextDecoder().decode(await read())));
  expect(texts).toEqual(['print(1)\n'.repeat(20), 'echo ü\n']);
});

it('says what is wrong with one', async () => {
  await expect(listZip(new Blob(['no archive']))).rejects.toThrow('it is no zip archive');
  const damaged = bytes.slice();
  // The signature of the directory's first entry.
  damaged.fill(0, 181, 185);
  await expect(listZip(new Blob([damaged]))).rejects.toThrow('its directory is damaged');
});
