/** Runs in a worker thread: features on demand for each line of a file of rows. */
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Column, OnDemandFeature, Row } from '@tidemill/contract';
import { createOnDemand } from './on-demand.ts';
import { rowColumn } from './view-join.ts';

export interface OnDemandOrder {
  readonly features: readonly OnDemandFeature[];
  readonly inputs: readonly Column[];
  /** NDJSON with the number of each row and its inputs. */
  readonly from: string;
  /** NDJSON with the number of each row and its features. */
  readonly to: string;
}

const linesAtOnce = 1000;

export async function evaluateFile({ features, inputs, from, to }: OnDemandOrder): Promise<void> {
  const onDemand = createOnDemand(features, inputs);
  async function* evaluated(): AsyncGenerator<string> {
    let lines: string[] = [];
    for await (const line of createInterface({ input: createReadStream(from) })) {
      const row = JSON.parse(line) as Row;
      lines.push(JSON.stringify({ [rowColumn]: row[rowColumn], ...onDemand.evaluate(row) }));
      if (lines.length < linesAtOnce) continue;
      yield `${lines.join('\n')}\n`;
      lines = [];
    }
    if (lines.length > 0) yield `${lines.join('\n')}\n`;
  }
  await pipeline(Readable.from(evaluated()), createWriteStream(to));
}
