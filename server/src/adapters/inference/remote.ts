/** A model on another machine: any server of the Open Inference Protocol V2 over HTTP, such as MLServer, Triton or KServe. */
import { errors } from '../../base/errors.ts';
import { judgedLookup, openDestination, type Refusals, type Resolve, shown } from '../network/network.ts';
import type { RemoteSource, Runtime, RuntimeState, Signature } from './inference.ts';
import { createRemoteClient, type RemoteReply } from './remote-client.ts';
import { decodeInference, encodeInference, readMetadata } from './remote-codec.ts';
import { assertShape, reasonOf } from './shape.ts';
import { chooseOutputs, fitInputs, toNumbers } from './tensor-fit.ts';
import { inputsOfRows, tableOf } from './tensor-table.ts';
import type { Tensor } from './tensors.ts';

export interface RemoteOptions {
  /** Also servers on this machine and in private networks. */
  readonly allowPrivate: boolean;
  readonly resolve: Resolve;
  readonly requestMs?: number;
  /** How often it is asked whether it is ready. */
  readonly healthMs?: number;
  /** Requests under way at once; later ones fail with `runtimeUnavailable`. */
  readonly maxOutstanding?: number;
}

const unavailableStatuses = [404, 408, 429, 502, 503, 504];

/** @throws modelUnreadable (a server that may not be called, or has no such model), runtimeUnavailable (one that does not answer) */
export async function openRemote(source: RemoteSource, options: RemoteOptions): Promise<Runtime> {
  const { model, url, name, version, token, output } = source;
  const { allowPrivate, resolve, requestMs = 30_000, healthMs = 10_000, maxOutstanding = 256 } = options;
  const at = shown(url);
  const unreadable = (reason: string, cause?: unknown) => errors.modelUnreadable({ model, reason }, cause);
  const unavailable = (reason: string) => errors.runtimeUnavailable({ model, reason });
  const refusals: Refusals = {
    refused: (_, reason) => unreadable(`its server ${at} may not be called: ${reason}`),
    unknown: (host, reason, cause) => unreadable(`its server's name ${host} is not known: ${reason}`, cause),
  };
  const policy = { schemes: ['http', 'https'] as const, allowPrivate };
  await openDestination(url, policy, resolve, refusals);
  const lookup = judgedLookup(policy, resolve, {
    ...refusals,
    refused: (reason) => refusals.refused(at, reason),
  });
  const client = createRemoteClient({ url, requestMs, lookup, ...(token ? { token } : {}) });
  const path = `/v2/models/${encodeURIComponent(name)}${version ? `/versions/${encodeURIComponent(version)}` : ''}`;
  let state: RuntimeState['state'] = 'ready';
  let lastEnd: string | undefined;
  let outstanding = 0;
  let closed = false;

  function lose(reason: string): Error {
    state = 'dead';
    lastEnd = reason;
    return unavailable(reason);
  }

  async function call(order: Parameters<typeof client.call>[0], signal?: AbortSignal): Promise<RemoteReply> {
    try {
      return await client.call(order, signal);
    } catch (error) {
      if (closed) throw unavailable('it was closed');
      if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
      throw lose(`its server ${at} does not answer: ${reasonOf(error)}`);
    }
  }

  /** @throws runtimeUnavailable, or modelRaised with the server's own words */
  function assertAnswered({ status, headers, body }: RemoteReply): void {
    if (status === 200) return;
    const message = errorIn(body);
    if (!unavailableStatuses.includes(status))
      throw errors.modelRaised({ model, type: `HTTP ${status} at ${at}`, message, frames: '' });
    const after = headers['retry-after'] ? `, and asks to wait ${headers['retry-after']} seconds` : '';
    throw lose(`its server ${at} answers ${status}: ${message}${after}`);
  }

  async function readSignature(): Promise<{ signature: Signature; isBinary: boolean }> {
    const about = await call({ method: 'GET', path });
    if (about.status === 404)
      throw unreadable(`its server ${at} has no ${path.slice(4)}: ${errorIn(about.body)}`);
    assertAnswered(about);
    const server = await call({ method: 'GET', path: '/v2' });
    try {
      return readMetadata(about.body, server.status === 200 ? server.body : null);
    } catch (error) {
      throw unreadable(
        `its server ${at} describes it in a way that is not of the protocol: ${reasonOf(error)}`,
        error,
      );
    }
  }

  const { signature, isBinary } = await readSignature().catch((error: unknown) => {
    client.close();
    throw error;
  });
  const numbers = signature.outputs.filter(({ datatype }) => datatype !== 'BYTES' && datatype !== 'BOOL');
  const preferred = output ?? numbers.find((each) => /prob/i.test(each.name))?.name ?? numbers[0]?.name;

  const infer: Runtime['infer'] = async (inputs, wanted, signal) => {
    if (closed) throw unavailable('it was closed');
    if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
    const fitted = signature.inputs.length > 0 ? fitInputs(signature.inputs, inputs) : inputs;
    if (signature.outputs.length > 0) chooseOutputs(signature.outputs, wanted);
    if (outstanding >= maxOutstanding) throw unavailable(`${outstanding} predictions are under way`);
    outstanding += 1;
    try {
      const encoded = encodeInference(fitted, wanted, isBinary);
      const reply = await call({ method: 'POST', path: `${path}/infer`, ...encoded }, signal);
      assertAnswered(reply);
      state = 'ready';
      return chosen(decode(reply), wanted);
    } finally {
      outstanding -= 1;
    }
  };

  function decode({ headers, body }: RemoteReply): readonly Tensor[] {
    try {
      return decodeInference(body, headers['inference-header-content-length']);
    } catch (error) {
      const found = `what is not of the protocol (${reasonOf(error)})`;
      throw errors.modelOutputInvalid({ model, found, expected: 'tensors' }, error);
    }
  }

  function chosen(outputs: readonly Tensor[], wanted: readonly string[] | undefined): readonly Tensor[] {
    if (!wanted) return outputs;
    return wanted.map((each) => {
      const found = outputs.find((tensor) => tensor.name === each);
      if (found) return found;
      throw errors.modelOutputInvalid({ model, found: `no output '${each}'`, expected: 'those wanted' });
    });
  }

  const health = setInterval(() => {
    client.call({ method: 'GET', path: `${path}/ready` }).then(
      ({ status, body }) => {
        if (status === 200) state = 'ready';
        else lose(`its server ${at} answers ${status}: ${errorIn(body)}`);
      },
      (error: unknown) => lose(`its server ${at} does not answer: ${reasonOf(error)}`),
    );
  }, healthMs);
  health.unref();

  return {
    kind: 'remote',
    signature,
    infer,
    ...tableOf(model, signature, infer),
    async predict(rows, rowCount, featureCount, signal) {
      assertShape(rows, rowCount, featureCount);
      const inputs =
        signature.inputs.length > 0
          ? inputsOfRows(signature.inputs, rows, rowCount, featureCount)
          : [
              {
                name: 'input-0',
                datatype: 'FP32',
                shape: [rowCount, featureCount],
                data: rows,
              } satisfies Tensor,
            ];
      const outputs = await infer(inputs, preferred ? [preferred] : undefined, signal);
      const found = outputs.find(({ datatype }) => datatype !== 'BYTES');
      if (!found)
        throw errors.modelOutputInvalid({ model, found: 'text alone', expected: 'a tensor of numbers' });
      return toNumbers(found);
    },
    describe: () => ({
      kind: 'remote',
      state: closed ? 'dead' : state,
      restarts: 0,
      ...(lastEnd ? { lastEnd } : {}),
    }),
    async close() {
      closed = true;
      clearInterval(health);
      client.close();
    },
  };
}

const longestError = 500;

/** The protocol's `error`, or whatever a proxy says instead. */
function errorIn(body: Buffer): string {
  const text = body.toString('utf8', 0, 4 * longestError);
  try {
    const { error, detail } = JSON.parse(text) as { error?: unknown; detail?: unknown };
    if (error !== undefined) return String(error).slice(0, longestError);
    if (detail !== undefined) return JSON.stringify(detail).slice(0, longestError);
  } catch {
    // No JSON: a page of a proxy.
  }
  return (
    text
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, longestError) || 'nothing more'
  );
}
