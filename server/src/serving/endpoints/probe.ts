/** One version asked as an endpoint would ask it, though none serves it: nothing goes live, nothing is logged. */
import type { PredictReply, Row } from '@tidemill/contract';
import { toDefinition } from './rules.ts';
import {
  type CompileDependencies,
  compileEndpoint,
  leave,
  retire,
  silentLog,
} from './traffic/live-endpoint.ts';
import { withFeatures } from './traffic/live-traffic.ts';
import type { OnlineFeatures } from './traffic/online-features.ts';
import { askLive, type Question, toAnswers } from './traffic/predict.ts';
import { findStandIns } from './traffic/stand-ins.ts';

export interface ModelProbe {
  readonly model: string;
  /** They carry the features. */
  readonly records: readonly Row[];
  readonly workspace: string;
  readonly at: number;
}

const patienceMs = 60_000;

export async function probeModel(
  deps: CompileDependencies,
  { model, records, workspace, at }: ModelProbe,
  online: OnlineFeatures,
): Promise<PredictReply> {
  const name = 'probe';
  const variants = [{ name, model, weight: 1 }];
  const definition = toDefinition({ variants, entity: ['row'], timeoutMs: patienceMs });
  const quiet = { ...deps, openLog: async () => silentLog };
  const endpoint = await compileEndpoint(quiet, { workspace, name, definition, tolerant: false });
  endpoint.inFlight++;
  try {
    const keys = records.map((_, index) => String(index));
    const question: Question = {
      endpoint,
      records,
      keys,
      eventTime: at,
      forced: null,
      forcedStep: 0,
      until: performance.now() + patienceMs,
      caller: '',
      requestId: null,
    };
    const said = await askLive(online, question);
    const standIns = await findStandIns(online, question, said);
    const { answers, fallbackReason } = toAnswers(question, said, (index) => `${name}-${index}`, standIns);
    const milliseconds = { queue: 0, features: 0, inference: 0, total: 0 };
    return withFeatures(
      { endpoint: name, revision: 0, predictions: answers, fallbackReason, milliseconds },
      said,
    );
  } finally {
    retire(endpoint);
    leave(endpoint);
  }
}
