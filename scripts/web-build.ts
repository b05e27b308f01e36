// `npm run build`: the UI that `tidemill up` serves. Built when missing or when a source of it has changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './steps.ts';

const built = join(root, 'web/dist');
const stamp = join(built, '.sources');
const sources = [
  'web/src',
  'web/public',
  'web/index.html',
  'web/vite.config.ts',
  'web/package.json',
  'sdk/src',
  'contract/src',
  'package-lock.json',
];

/** Returns whether it had to build. Contents decide, not times: a checkout touches files it does not change. */
export async function ensureWebBuild(): Promise<boolean> {
  const digest = await digestSources();
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === digest) return false;
  // Built aside and swapped in whole, so a server that runs meanwhile never serves half of it.
  const growing = join(root, `web/.tidemill/build-${process.pid}`);
  const vite = join(root, 'node_modules/.bin/vite');
  try {
    await mkdir(growing, { recursive: true });
    const parameters = ['build', '--logLevel', 'warn', '--emptyOutDir', '--outDir', growing];
    execFileSync(process.execPath, [vite, ...parameters], { cwd: join(root, 'web'), stdio: 'inherit' });
    await writeFile(join(growing, '.sources'), digest);
    await rm(built, { recursive: true, force: true });
    await rename(growing, built);
  } finally {
    await rm(growing, { recursive: true, force: true });
  }
  return true;
}

async function digestSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await listFiles(source)) {
      if (file.includes('.test.')) continue;
      hash
        .update(`${file}\0`)
        .update(await readFile(join(root, file)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

async function listFiles(path: string): Promise<readonly string[]> {
  if (!existsSync(join(root, path))) return [];
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true }).catch(() => null);
  if (!entries) return [path];
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
}

if (import.meta.main) {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  const hasBuilt = await ensureWebBuild().catch((error: Error) => {
    // Vite has said what is wrong with which file; a stack trace of this script would bury it.
    console.error(`web/dist was not built: ${error.message.split('\n')[0]}`);
    process.exit(1);
  });
  if (hasBuilt) console.log(`built web/dist in ${seconds()} s`);
}
