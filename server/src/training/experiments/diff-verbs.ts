import type { RunDiff } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { artifactStore } from './artifact-store.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { packageFiles, parsePackages } from './packages.ts';
import { type ComparedRun, diffRuns } from './run-diff.ts';
import { runStore } from './run-store.ts';

/** Beyond these a file lists no packages, and a run has models enough. */
const largestFile = 256 * 1024;
const mostFiles = 12;
const mostModels = 20;

export function createDiffVerbs({ db, blobs }: ExperimentsDependencies) {
  async function getCompared(id: string, workspace: string): Promise<ComparedRun> {
    const run = await runStore(db).find(workspace, id);
    if (!run) throw errors.runNotFound({ run: id });
    const models = run.modelOutputs.map(({ modelId }) => modelId);
    return { run, packages: await readPackages([id, ...models.slice(0, mostModels)]) };
  }

  async function readPackages(owners: readonly string[]): Promise<Map<string, string>> {
    const files = await artifactStore(db).listNamed(owners, packageFiles, mostFiles);
    const texts: string[] = [];
    for (const { sha256, size } of files)
      if (size <= largestFile) texts.push(Buffer.from(await blobs.read(sha256)).toString('utf8'));
    return parsePackages(texts);
  }

  return {
    async diffRuns(
      input: { a: string; b: string; all?: boolean | undefined },
      { workspace }: Caller,
    ): Promise<RunDiff> {
      const [a, b] = [await getCompared(input.a, workspace), await getCompared(input.b, workspace)];
      return diffRuns(a, b, input.all ?? false);
    },
  };
}
