// `node scripts/pack.ts FOLDER`: what a user gets from npm, as three tarballs of built JavaScript and types.
// npm has no field that swaps `exports` when packing, so the published package.json is written here.
import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './steps.ts';

const packages = ['contract', 'sdk', 'cli'] as const;

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly description?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
};

/** Builds and packs; returns the paths of the tarballs, what others depend on first. */
export async function packPackages(destination: string): Promise<readonly string[]> {
  await mkdir(destination, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), 'tidemill-pack-'));
  try {
    emit(join(work, 'emitted'));
    const tarballs: string[] = [];
    for (const name of packages) {
      const folder = await writePackage(name, work);
      tarballs.push(pack(folder, destination));
    }
    return tarballs;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function emit(folder: string): void {
  const tsc = join(root, 'node_modules/.bin/tsc');
  const parameters = [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', folder];
  execFileSync(process.execPath, parameters, { stdio: 'inherit' });
}

async function writePackage(name: string, work: string): Promise<string> {
  const folder = join(work, name);
  await mkdir(folder);
  await cp(join(work, 'emitted', name, 'src'), join(folder, 'dist'), { recursive: true });
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const source: Manifest = JSON.parse(await readFile(join(root, name, 'package.json'), 'utf8'));
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(toPublished(source), null, 2)}\n`);
  for (const file of Object.values(source.bin ?? {})) {
    await cp(join(root, name, file), join(folder, file));
    await chmod(join(folder, file), 0o755);
  }
  return folder;
}

function toPublished({ name, version, license, description, dependencies, bin }: Manifest): object {
  const built = (path: string) => ({ types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` });
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    engines: { node: '>=20' },
    bin,
    // A binary is run, not imported: its inside stays free to change.
    exports: bin ? undefined : { '.': built('index'), './*': built('*') },
    files: ['dist', 'bin'],
    dependencies,
  };
}

function pack(folder: string, destination: string): string {
  const parameters = ['pack', '--silent', '--pack-destination', resolve(destination)];
  const file = execFileSync('npm', parameters, { cwd: folder, encoding: 'utf8' }).trim().split('\n').at(-1);
  return join(resolve(destination), file ?? '');
}

if (import.meta.main) {
  const destination = process.argv[2];
  if (!destination) {
    console.error('usage: node scripts/pack.ts FOLDER');
    process.exit(1);
  }
  for (const tarball of await packPackages(destination)) console.log(tarball);
}
