import type { Download, Input, lineageExportEndpoints, Run } from '@tidemill/contract';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Caller } from '../../base/caller.ts';
import { toUri } from '../../base/references.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Experiments } from '../../training/experiments/service.ts';
import { type Made, type RunEvent, toEvents } from './rules.ts';

export interface LineageExportDependencies {
  readonly lineage: Pick<Lineage, 'listNodes' | 'listEdges'>;
  readonly datasets: Pick<Datasets, 'describeAll'>;
  readonly experiments: Pick<Experiments, 'getRuns'>;
  readonly version: string;
}

type ExportInput = Input<(typeof lineageExportEndpoints)['openLineage']>;

/** Things read at once, and with them what they came from. */
const nodesAtOnce = 200;

/** All that is recorded, as events of OpenLineage: a line each, read page by page however much there is. */
export function createLineageExport({ lineage, datasets, experiments, version }: LineageExportDependencies) {
  async function runsOf(uris: readonly string[], workspace: string): Promise<Map<string, Run>> {
    const ids = uris.filter((uri) => /^run:[0-9a-f]{32}$/.test(uri)).map((uri) => uri.slice('run:'.length));
    const found = await experiments.getRuns(ids, workspace);
    return new Map(found.map((run) => [toUri('run', run.id), run]));
  }

  async function* events({ from = 0, to }: ExportInput, caller: Caller): AsyncGenerator<RunEvent> {
    const { workspace } = caller;
    for (let after = ''; ; ) {
      const nodes = await lineage.listNodes(workspace, { after, from, to }, nodesAtOnce);
      const last = nodes.at(-1);
      if (!last) return;
      after = last.uri;
      const uris = nodes.map(({ uri }) => uri);
      const [above, below, runs] = await Promise.all([
        lineage.listEdges(workspace, 'to_uri', uris),
        lineage.listEdges(
          workspace,
          'from_uri',
          uris.filter((uri) => uri.startsWith('run:')),
        ),
        runsOf(uris, workspace),
      ]);
      const named = [...uris, ...above.map((edge) => edge.from), ...below.map((edge) => edge.to)];
      const versions = await datasets.describeAll([...new Set(named)], workspace);
      const sources = Map.groupBy(above, (edge) => edge.to);
      const results = Map.groupBy(below, (edge) => edge.from);
      for (const { uri, kind, createdAt } of nodes) {
        const made: Made = {
          ...{ uri, kind, createdAt },
          from: sources.get(uri) ?? [],
          to: results.get(uri) ?? [],
          run: runs.get(uri) ?? null,
        };
        if (!isTold(made)) yield* toEvents(made, { workspace, version, versions });
      }
    }
  }

  async function* lines(input: ExportInput, caller: Caller): AsyncGenerator<Uint8Array> {
    for await (const event of events(input, caller)) yield Buffer.from(`${JSON.stringify(event)}\n`);
  }

  return {
    events,

    openLineage: async (input: ExportInput, caller: Caller): Promise<Download> => ({
      content: lines(input, caller),
      mediaType: 'application/x-ndjson',
      fileName: `openlineage-${caller.workspace}.ndjson`,
    }),
  };
}

export type LineageExport = ReturnType<typeof createLineageExport>;

/** A model that a run made is among that run's outputs. */
const isTold = ({ kind, from }: Made): boolean =>
  ['model', 'logged-model'].includes(kind) && from.some((edge) => edge.from.startsWith('run:'));
