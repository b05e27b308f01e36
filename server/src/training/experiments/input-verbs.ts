import { toUri } from '../../base/references.ts';
import { findNamedVersion } from './dataset-source.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { type DatasetSummary, inputStore } from './input-store.ts';
import { assertCount, assertInput, limits } from './limits.ts';
import { type DatasetInput, type RecordedInput, toExperimentNumber } from './rules.ts';
import { createModelLinker, type LinkedModel } from './run-model-verbs.ts';
import { createRunWriter } from './run-writer.ts';

interface InputContext {
  /** Logged models that were read beside the data. */
  readonly models?: readonly LinkedModel[];
  /** How the caller has addressed this server. */
  readonly ownHost?: string;
}

/** A feature view is named by its uri alone. */
const viewSource = /^view:[a-z0-9][a-z0-9._-]*@\d+$/;

/** Which data and logged models runs have read. */
export function createInputVerbs({ db, lineage, datasets }: ExperimentsDependencies) {
  const writeTo = createRunWriter(db);
  const link = createModelLinker({ lineage });

  /** `latest` and tags become the number they mean now. What is not there stays a text. */
  async function resolve(
    input: DatasetInput,
    workspace: string,
    ownHost: string | undefined,
  ): Promise<RecordedInput> {
    const named = findNamedVersion(input.source, ownHost);
    const version = named && (await datasets.find(named, workspace));
    return { ...input, reference: version?.reference ?? null };
  }

  return {
    /** Sources that are ours become lineage. */
    async logInputs(
      id: string,
      inputs: readonly DatasetInput[],
      workspace: string,
      { models = [], ownHost }: InputContext = {},
    ): Promise<void> {
      assertCount('datasets', inputs.length, limits.inputsAtOnce);
      inputs.forEach((input, index) => {
        assertInput(`datasets[${index}]`, input);
      });
      const distinct = [
        ...new Map(inputs.map((input) => [`${input.digest}\n${input.name}`, input])).values(),
      ];
      const resolved: RecordedInput[] = [];
      for (const input of distinct) resolved.push(await resolve(input, workspace, ownHost));
      await writeTo(id, workspace, async (tx, run) => {
        await inputStore(tx).save(workspace, run, resolved);
        const edges = resolved.flatMap(({ source, reference }) => {
          const from = reference === null ? source : `dataset:${reference}`;
          const isOurs = reference !== null || viewSource.test(source);
          return isOurs ? [{ from, to: toUri('run', id), relation: 'input' }] : [];
        });
        await lineage.recordEdges(tx, workspace, edges);
        await link(tx, { id, workspace }, 'input', models);
      });
    },

    listInputDatasets: (
      experimentIds: readonly string[],
      workspace: string,
    ): Promise<readonly DatasetSummary[]> =>
      inputStore(db).listDatasets(workspace, experimentIds.map(toExperimentNumber)),
  };
}
