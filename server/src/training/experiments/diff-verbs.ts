import type { RunDiff } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { isFolder } from './artifact-location.ts';
import { createOwnerLookup } from './artifact-owner.ts';
import { artifactStore } from './artifact-store.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { createPackageReader } from './package-reader.ts';
import { largestPackageFile, mostPackageFiles, packageFiles, parsePackages } from './packages.ts';
import { type ComparedRun, diffRuns } from './run-diff.ts';
import { runStore } from './run-store.ts';

/** A run has models enough beyond these. */
const mostModels = 20;

export function createDiffVerbs(deps: ExperimentsDependencies) {
  const { db, blobs } = deps;
  const readFolders = createPackageReader(createOwnerLookup(deps));

  async function getCompared(id: string, workspace: string): Promise<ComparedRun> {
    const run = await runStore(db).find(workspace, id);
    if (!run) throw errors.runNotFound({ run: id });
    const models = run.modelOutputs.map(({ modelId }) => modelId);
    const owners = [id, ...models.slice(0, mostModels)];
    const texts = isFolder(run.artifactLocation)
      ? await readFolders(owners, workspace)
      : await readBlobs(owners);
    return { run, packages: parsePackages(texts) };
  }

  async function readBlobs(owners: readonly string[]): Promise<string[]> {
    const files = await artifactStore(db).listNamed(owners, packageFiles, mostPackageFiles);
    const texts: string[] = [];
    for (const { sha256, size } of files)
      if (size <= largestPackageFile) texts.push(Buffer.from(await blobs.read(sha256)).toString('utf8'));
    return texts;
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
