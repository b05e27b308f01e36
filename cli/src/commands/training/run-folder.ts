/** A run of a command laid out in a folder, to be worked on: code, inputs, environment and how to start it. */
import { access, chmod, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Client, Job, JobFileRole } from '@tidemill/sdk';
import { failures } from '../../failure.ts';
import { writeDownload } from '../../files.ts';
import type { Session } from '../../session.ts';
import { type LaidOutSpec, startScript } from './start-script.ts';

const modelPrefix = 'model:';
const pageSize = 500;

/** Whole or not at all. @throws folderNotEmpty, runNotLaidOut */
export async function layOutRun(session: Session, run: string, into: string): Promise<void> {
  const folder = resolve(into);
  await assertEmpty(folder);
  const { client } = session;
  const job = await findJob(client, run);
  const spec = job.spec as unknown as LaidOutSpec;
  if (spec.workingDirectory !== null && spec.code === null)
    throw failures.runNotLaidOut(run, `it ran in ${spec.workingDirectory} itself, whose files were not kept`);
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  try {
    for (const name of ['code', 'inputs', 'outputs', 'checkpoints'])
      await mkdir(join(part, name), { recursive: true });
    const written = await writeAll(client, { job, spec, run }, part);
    const inputs = Object.fromEntries(
      Object.entries(written).map(([name, path]) => [name, join(folder, path)]),
    );
    await writeParameters(spec, part, folder, inputs);
    const lock = await writeEnvironment(client, run, part);
    await injectParameters(spec, join(part, 'code'));
    await writeFile(join(part, 'run.sh'), startScript({ run, spec, url: session.url, ...lock }));
    await chmod(join(part, 'run.sh'), 0o755);
    await rmdir(folder).catch(() => undefined);
    await rename(part, folder);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  session.show({ run, job: job.id, folder }, () => [
    `${into} has run ${run}: its code in code/, what it read in inputs/, its environment in requirements.lock`,
    `start it with  ${join(into, 'run.sh')}  (it makes .venv at its first start; --as-is takes the Python that is found)`,
    'results come to outputs/; what it logs goes to a run of its own',
  ]);
}

async function assertEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw failures.fileNotWritten(folder, error);
  });
  if (entries.length > 0) throw failures.folderNotEmpty(folder, entries.length);
}

async function findJob(client: Client, run: string): Promise<Job> {
  const { tags } = await client.experiments.getRun({ id: run });
  const id = tags['mlflow.source.type'] === 'JOB' ? tags['mlflow.source.name'] : undefined;
  if (!id?.startsWith('job_'))
    throw failures.runNotLaidOut(
      run,
      'no job of a command made it, so neither its code nor its inputs were kept',
    );
  const job = await client.jobs.get({ id });
  if (job.kind === 'command') return job;
  throw failures.runNotLaidOut(run, 'a learner made it; tidemill reproduce MODEL makes its model again');
}

interface Kept {
  readonly job: Job;
  readonly spec: LaidOutSpec;
  readonly run: string;
}

/** The paths of what it read, from the folder, by the names it was asked for by. */
async function writeAll(client: Client, kept: Kept, part: string): Promise<Record<string, string>> {
  const { job, spec } = kept;
  await writeFiles(client, kept, 'code', join(part, 'code'));
  await writeFiles(client, kept, 'diff', part);
  const inputs: Record<string, string> = {};
  for (const reference of spec.inputs) {
    const path = join('inputs', toFileName(reference));
    if (reference.startsWith(modelPrefix)) {
      inputs[reference] = path;
      await writeModel(client, reference.slice(modelPrefix.length), join(part, path));
      continue;
    }
    inputs[reference] = `${path}.parquet`;
    const { name, version } = splitReference(reference);
    await writeDownload(
      await client.datasets.read({ name, version, format: 'parquet' }),
      join(part, `${path}.parquet`),
    );
  }
  for (const path of await writeFiles(client, { ...kept, job }, 'input', join(part, 'inputs')))
    inputs[path] = join('inputs', path);
  return inputs;
}

async function writeFiles(
  client: Client,
  { job: { id }, run }: Kept,
  role: JobFileRole,
  folder: string,
): Promise<string[]> {
  const paths: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.jobs.listFiles({ id, role, limit: pageSize, ...(cursor && { cursor }) });
    for (const { path, size, executable } of page.items) {
      if (size === null) throw failures.runNotLaidOut(run, `the file ${path} is kept no more`);
      const to = join(folder, path);
      await mkdir(dirname(to), { recursive: true });
      await writeDownload(await client.jobs.downloadFile({ id, role, path }), to);
      if (executable) await chmod(to, 0o755);
      paths.push(path);
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return paths;
}

async function writeModel(client: Client, reference: string, folder: string): Promise<void> {
  const { name, version } = splitReference(reference);
  for (const { path } of (await client.registry.getVersion({ name, version })).files) {
    const to = join(folder, path);
    await mkdir(dirname(to), { recursive: true });
    await writeDownload(await client.registry.getFile({ name, version, path }), to);
  }
}

/** As a job finds it, without the job: `params.json`. */
async function writeParameters(
  { experiment, seed, parameters, window }: LaidOutSpec,
  part: string,
  folder: string,
  inputs: Readonly<Record<string, string>>,
): Promise<void> {
  const places = { outputs: join(folder, 'outputs'), checkpoints: join(folder, 'checkpoints') };
  const found = {
    experiment,
    seed,
    params: parameters,
    ...(window !== undefined && { window }),
    inputs,
    ...places,
  };
  await writeFile(join(part, 'params.json'), `${JSON.stringify(found, null, 2)}\n`);
}

/** What it ran in, of the artifacts of the run; the interpreter's version. */
async function writeEnvironment(
  client: Client,
  run: string,
  part: string,
): Promise<{ readonly python: string | null }> {
  for (const name of ['environment.json', 'requirements.lock']) {
    const download = await client.experiments
      .getArtifact({ id: run, path: `tidemill/${name}` })
      .catch((error: { status?: number }) => {
        if (error.status === 404) return null;
        throw error;
      });
    if (!download) return { python: null };
    await writeDownload(download, join(part, name));
  }
  const found = JSON.parse(await readFile(join(part, 'environment.json'), 'utf8')) as {
    readonly python: { readonly version: string } | null;
  };
  return { python: found.python?.version ?? null };
}

interface NotebookCell {
  readonly cell_type: string;
  readonly metadata: { readonly tags?: readonly string[] };
}

/** In a cell of their own, as the job had them: behind the one tagged `parameters`, or before all others. */
async function injectParameters({ command, parameters }: LaidOutSpec, code: string): Promise<void> {
  const [path = ''] = command;
  if (command.length !== 1 || !path.endsWith('.ipynb') || Object.keys(parameters).length === 0) return;
  const file = join(code, path);
  if (
    !(await access(file).then(
      () => true,
      () => false,
    ))
  )
    return;
  const notebook = JSON.parse(await readFile(file, 'utf8')) as {
    cells: NotebookCell[];
    nbformat_minor: number;
  };
  const cells = notebook.cells.filter(({ metadata }) => !metadata.tags?.includes('injected-parameters'));
  const lines = [
    '# Parameters',
    ...Object.entries(parameters).map(([name, value]) => `${name} = ${toPython(value)}`),
  ];
  const cell = {
    ...{ cell_type: 'code', execution_count: null, outputs: [], source: lines.join('\n') },
    metadata: { tags: ['injected-parameters'] },
    ...(notebook.nbformat_minor >= 5 && { id: 'injected-parameters' }),
  };
  cells.splice(cells.findIndex(({ metadata }) => metadata.tags?.includes('parameters')) + 1, 0, cell);
  await writeFile(file, `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`);
}

const toPython = (value: unknown): string =>
  value === null ? 'None' : typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value);

/** As the server names the files of a job's inputs. */
const toFileName = (reference: string): string => encodeURIComponent(reference).replaceAll('%40', '@');

/** A job's inputs are pinned: the version is what stands behind the last `@`. */
function splitReference(reference: string): { readonly name: string; readonly version: string } {
  const at = reference.lastIndexOf('@');
  return { name: reference.slice(0, at).replace(/^"(.*)"$/, '$1'), version: reference.slice(at + 1) };
}
