import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnType, StreamDefinition } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { Caller } from '../../../base/caller.ts';
import { newId } from '../../../base/ids.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { Datasets } from '../../datasets/service.ts';

export interface StreamsDependencies {
  readonly analytics: Pick<Analytics, 'copy'>;
  readonly datasets: Pick<Datasets, 'find' | 'commitParquet'>;
  readonly tempFolder: string;
}

const duckdbTypes: Readonly<Record<ColumnType, string>> = {
  ...{ boolean: 'BOOLEAN', integer: 'BIGINT', double: 'DOUBLE', text: 'VARCHAR', date: 'DATE' },
  timestamp: 'TIMESTAMP',
};

/** Datasets that pushes are appended to. */
export function createStreams({ analytics, datasets, tempFolder }: StreamsDependencies) {
  return {
    /** A view of pushes reads a dataset; before the first push that is one without rows. */
    async ensureDataset(
      { name, stream }: { readonly name: string; readonly stream?: StreamDefinition | undefined },
      caller: Caller,
    ): Promise<void> {
      if (!stream || (await datasets.find({ name: stream.dataset, version: 'latest' }, caller.workspace)))
        return;
      const folder = join(tempFolder, newId('stream'));
      await mkdir(folder, { recursive: true });
      try {
        const to = join(folder, 'empty.parquet');
        const shape = stream.columns.map(
          (column) => `cast(null as ${duckdbTypes[column.type]}) as ${quoteName(column.name)}`,
        );
        await analytics.copy({ sql: `select ${shape.join(', ')} where false`, to });
        const provenance = { kind: 'push', inputs: [], detail: { view: name } };
        await datasets.commitParquet(
          { name: stream.dataset, path: to, message: `for pushes to ${name}`, provenance, base: null },
          caller,
        );
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
