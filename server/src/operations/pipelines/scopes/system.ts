/** System: what an endpoint answers is what the model says offline. */
import type { ModelVersion, PredictReply, Row, TestCheck } from '@tidemill/contract';
import type { Lineage } from '../../../access/lineage/service.ts';
import type { Caller } from '../../../base/caller.ts';
import { parseUri } from '../../../base/references.ts';
import type { Endpoints } from '../../../serving/endpoints/service.ts';
import { check, count, type Finding, failed, passed, skipped } from '../checks.ts';
import type { FoundRows, ModelRows } from '../model-rows.ts';
import type { Scope, ScopeWork } from './scope.ts';

/** Asks an endpoint as any client does, over REST. */
export type AskEndpoint = (
  endpoint: string,
  body: { readonly records: readonly Row[]; readonly probe: true },
  caller: Caller,
) => Promise<PredictReply>;

export interface SystemDependencies {
  readonly lineage: Pick<Lineage, 'users'>;
  readonly endpoints: Pick<Endpoints, 'get' | 'probeModel'>;
  readonly ask: AskEndpoint;
  readonly rows: ModelRows;
}

const askedRows = 20;
const mostEndpoints = 20;
/** Endpoints compute in 32 bits. */
export const tolerance = 1e-5;

export function createSystemScope({ lineage, endpoints, ask, rows }: SystemDependencies): Scope {
  async function servedBy({ uri }: ModelVersion, workspace: string): Promise<string[]> {
    const { users } = await lineage.users(workspace, uri, { limit: 1000, depth: 1 });
    return users
      .map(parseUri)
      .filter(({ kind }) => kind === 'endpoint')
      .map(({ reference }) => reference)
      .slice(0, mostEndpoints);
  }

  /** Null where the version answers no requests there: a shadow. */
  async function answersAt(name: string, { version, caller }: ScopeWork): Promise<boolean> {
    const { live } = await endpoints.get({ name }, caller);
    return live.variants.some(({ model, shadow }) => model === version.reference && !shadow);
  }

  async function compare(reply: PredictReply, asked: FoundRows, { version }: ScopeWork): Promise<Finding> {
    const ours = reply.predictions.filter(({ model }) => model === version.reference);
    const fallback = reply.predictions.filter(({ source }) => source === 'fallback').length;
    if (ours.length === 0) {
      const why =
        reply.fallbackReason === null
          ? 'other variants answered'
          : `the rule answered: ${reply.fallbackReason}`;
      return failed(`none of ${count(asked.rows.length)} was answered by ${version.reference}; ${why}`);
    }
    const offline = await rows.predict(
      version,
      ours.map(({ features }) => features ?? {}),
    );
    const gaps = ours.map(({ value }, i) =>
      typeof value === 'number' ? Math.abs(value - (offline[i] ?? Number.NaN)) : Number.NaN,
    );
    const isFar = (i: number) =>
      !((gaps[i] ?? Number.NaN) <= tolerance * Math.max(1, Math.abs(offline[i] ?? 0)));
    const wrong = ours.flatMap(({ value, features }, i): Row[] =>
      isFar(i) ? [{ ...features, endpoint: value, offline: offline[i] ?? null }] : [],
    );
    const numbers = {
      rows: ours.length,
      failed: wrong.length,
      largestGap: Math.max(...gaps),
      tolerance,
      fallback,
    };
    const told = `${count(ours.length)} of ${asked.from}`;
    if (wrong.length > 0)
      return failed(`${wrong.length} of ${told} differ by more than ${tolerance} (relative)`, {
        numbers,
        rows: wrong,
      });
    return fallback > 0
      ? failed(
          `${fallback} of ${count(asked.rows.length)} were answered by the rule: ${reply.fallbackReason}`,
          { numbers },
        )
      : passed(`${told}: endpoint and offline agree, at most ${short(numbers.largestGap)} apart`, numbers);
  }

  async function askServing(name: string, asked: FoundRows, work: ScopeWork): Promise<Finding> {
    const { live } = await endpoints.get({ name }, work.caller);
    const looksUp = live.variants.some(({ view, service }) => view || service);
    const lacking = live.entity.find((column) => asked.rows.some((row) => (row[column] ?? null) === null));
    if (lacking !== undefined && looksUp)
      return skipped(`${asked.from} has no '${lacking}', by which ${name} looks features up`);
    // Where the record carries the features, its key only says who is asked about.
    const records = asked.rows.map((row, i) => ({
      ...row,
      ...Object.fromEntries(
        live.entity.filter((column) => (row[column] ?? null) === null).map((column) => [column, `test-${i}`]),
      ),
    }));
    return compare(await ask(name, { records, probe: true }, work.caller), asked, work);
  }

  return async (work): Promise<TestCheck[]> => {
    const { version, caller, signal, cases } = work;
    const known = await rows.sample(version, askedRows, caller.workspace);
    const declared = cases.acceptance.find((each) => each.rows)?.rows;
    const asked = known ?? (declared ? { from: 'the acceptance cases', rows: declared } : null);
    if (!asked || asked.rows.length === 0)
      return [
        await check('endpoint', signal, async () =>
          skipped(
            'there are no rows to ask with: no known training set, no input example, no case with rows',
          ),
        ),
      ];
    const serving: string[] = [];
    for (const name of await servedBy(version, caller.workspace))
      if (await answersAt(name, work)) serving.push(name);
    const checks: TestCheck[] = [];
    for (const name of serving)
      checks.push(await check(`endpoint ${name}`, signal, () => askServing(name, asked, work)));
    if (serving.length > 0) return checks;
    return [await check('in-process endpoint', signal, () => askNone(asked, work))];
  };

  async function askNone(asked: FoundRows, work: ScopeWork): Promise<Finding> {
    const { version, caller } = work;
    if (!version.flavors.includes('onnx'))
      return skipped(`no endpoint can serve it: its flavors are ${version.flavors.join(', ') || 'unknown'}`);
    return compare(await endpoints.probeModel(version.reference, asked.rows, caller.workspace), asked, work);
  }
}

const short = (value: number): string => String(Number(value.toPrecision(2)));
