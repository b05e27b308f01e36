import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { ArtifactFolder } from '../../adapters/artifact-folder/artifact-folder.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import type { Datasets } from '../../data/datasets/service.ts';

export interface ExperimentsDependencies {
  readonly db: Db;
  readonly blobs: Blobs;
  /** Where clients write artifacts of new experiments by themselves; null: to this server, which puts them into its blobs. */
  readonly folder: ArtifactFolder | null;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly datasets: Pick<Datasets, 'find'>;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges' | 'deleteNodes'>;
}
