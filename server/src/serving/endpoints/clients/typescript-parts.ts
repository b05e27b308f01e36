/** The parts of a generated client that no signature changes: how it asks, and how its double answers. */

export const clientOf = (endpoint: string, name: string): string => `
/** What was refused or failed. \`status\` is 0 where no reply came. */
export class ${name}Error extends Error {
  override readonly name: string = '${name}Error';
  /** Stable: \`featureInvalid\`, \`predictionUnavailable\`, \`timeout\`, \`unreachable\`, … */
  readonly code: string;
  readonly status: number;
  /** What to do about it. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
  /** Milliseconds that the server asks to wait; null where it says nothing. */
  readonly retryAfterMs: number | null;

  constructor(failure: {
    readonly code: string;
    readonly message: string;
    readonly status: number;
    readonly details?: Readonly<Record<string, unknown>>;
    readonly requestId?: string | null;
    readonly retryAfterMs?: number | null;
  }) {
    super(failure.message);
    this.code = failure.code;
    this.status = failure.status;
    this.remedy = remedyIn(failure.message);
    this.details = failure.details ?? {};
    this.requestId = failure.requestId ?? null;
    this.retryAfterMs = failure.retryAfterMs ?? null;
  }
}

/** The server's messages say what is wrong, and then what to do. */
function remedyIn(message: string): string {
  const at = message.search(/[.:] (?=[A-Z][a-z]+ )/);
  return at < 0 ? '' : message.slice(at + 2);
}

export interface ${name}ClientOptions {
  /** \`http://127.0.0.1:4600\` by default. */
  readonly url?: string;
  /** A token that may invoke this endpoint. */
  readonly token?: string;
  /** For a call with all its retries; 10 s by default. */
  readonly timeoutMs?: number;
  /** How often a call is tried again after 429, 503 or no reply; twice by default. */
  readonly retries?: number;
  /** Stand-in for the global one. */
  readonly fetch?: typeof fetch;
}

export interface ${name}CallOptions {
  /** The moment the prediction is for: ISO 8601 or epoch milliseconds; now by default. */
  readonly eventTime?: string | number;
  /** Begins the ids of the predictions. */
  readonly requestId?: string;
  /** By which the server knows a retry, so that it is answered and logged once; a new one for each call by default. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface ${name}Client {
  /** @throws ${name}Error */
  predict(input: ${name}Input, options?: ${name}CallOptions): Promise<${name}Prediction>;
  /** Up to 1000 records in one request. @throws ${name}Error */
  predictMany(inputs: readonly ${name}Input[], options?: ${name}CallOptions): Promise<${name}Reply>;
}

/**
 * @example
 * const client = create${name}Client({ url: 'https://ml.example', token });
 * const { value, source } = await client.predict(record);
 */
export function create${name}Client(options: ${name}ClientOptions = {}): ${name}Client {
  const { url = 'http://127.0.0.1:4600', token, timeoutMs = 10_000, retries = 2, fetch: ask = fetch } = options;
  const address = url.replace(/\\/+$/, '') + ${JSON.stringify(`/api/v1/endpoints/${endpoint}/predict`)};

  async function predictMany(inputs: readonly ${name}Input[], call: ${name}CallOptions = {}): Promise<${name}Reply> {
    const { signal, eventTime, requestId } = call;
    const body = JSON.stringify({ records: inputs, eventTime, requestId });
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (token !== undefined) headers.authorization = 'Bearer ' + token;
    const key = call.idempotencyKey ?? (retries > 0 ? newKey() : undefined);
    if (key !== undefined) headers['idempotency-key'] = key;
    const until = Date.now() + timeoutMs;
    for (let attempt = 0; ; attempt++) {
      const failure = await askOnce(body, headers, until, signal);
      if (!(failure instanceof ${name}Error)) return failure;
      const wait = Math.max(backoffMs(attempt), failure.retryAfterMs ?? 0);
      const mayRetry = key !== undefined && attempt < retries && isPassing(failure) && !signal?.aborted;
      if (!mayRetry || Date.now() + wait >= until) throw failure;
      await pause(wait, signal);
    }
  }

  async function askOnce(
    body: string,
    headers: Record<string, string>,
    until: number,
    signal: AbortSignal | undefined,
  ): Promise<${name}Reply | ${name}Error> {
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    const timer = setTimeout(() => controller.abort(), Math.max(0, until - Date.now()));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    try {
      const reply = await ask(address, { method: 'POST', headers, body, signal: controller.signal });
      const text = await reply.text();
      return reply.ok ? (JSON.parse(text) as ${name}Reply) : toFailure(reply, text);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const isLate = controller.signal.aborted;
      const message = isLate
        ? 'No reply from ' + address + ' within ' + timeoutMs + ' ms. Try again, or raise timeoutMs.'
        : address + ' cannot be reached: ' + String((error as Error).message) + '. Try again when the server answers.';
      return new ${name}Error({ code: isLate ? 'timeout' : 'unreachable', message, status: 0 });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  return {
    predictMany,
    async predict(input, call) {
      const { predictions } = await predictMany([input], call);
      return predictions[0] as ${name}Prediction;
    },
  };
}

function toFailure(reply: Response, text: string): ${name}Error {
  const retryAfterMs = parseRetryAfter(reply.headers.get('retry-after'));
  try {
    const { error } = JSON.parse(text) as {
      error: { code: string; message: string; details?: Record<string, unknown>; requestId?: string };
    };
    return new ${name}Error({ ...error, status: reply.status, retryAfterMs });
  } catch {
    const message = 'The reply has the status ' + reply.status + ' and is not from Tidemill: ' + text.slice(0, 200);
    return new ${name}Error({ code: 'replyUnreadable', message, status: reply.status, retryAfterMs });
  }
}

/** Seconds, or a date. */
function parseRetryAfter(header: string | null): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

const isPassing = ({ status, code }: ${name}Error): boolean =>
  status === 429 || status === 503 || code === 'unreachable';

/** Longer each time, and never for all clients at once. */
const backoffMs = (attempt: number): number => Math.min(5000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2);

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

const newKey = (): string =>
  Array.from(globalThis.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
`;

export const doubleOf = (name: string): string => `
type ${name}Answer = ${name}Value | Partial<${name}Prediction> | ${name}Error;

export interface ${name}DoubleOptions {
  /** What it says of a record: a value, a whole prediction, or a failure. */
  readonly answer: ${name}Value | ((input: ${name}Input, index: number) => ${name}Answer | Promise<${name}Answer>);
  /** Before each reply; 0 by default. */
  readonly latencyMs?: number;
}

export interface ${name}Double extends ${name}Client {
  /** Every call, refused ones too, oldest first. */
  readonly calls: readonly { readonly inputs: readonly ${name}Input[]; readonly options: ${name}CallOptions }[];
  /** The next calls fail so, one each. */
  failNext(...failures: readonly ${name}Error[]): void;
  answerWith(answer: ${name}DoubleOptions['answer']): void;
}

/**
 * Stands in for the client in tests, without a server: records are checked as the server checks them, a repeated idempotency key
 * gets the same reply, and answers, failures and latency are yours.
 *
 * @example
 * const double = create${name}Double({ answer: 42 });
 * await codeUnderTest(double);
 * expect(double.calls).toHaveLength(1);
 */
export function create${name}Double(options: ${name}DoubleOptions): ${name}Double {
  const calls: { inputs: readonly ${name}Input[]; options: ${name}CallOptions }[] = [];
  const failures: ${name}Error[] = [];
  const replies = new Map<string, ${name}Reply>();
  let { answer } = options;

  async function predictMany(inputs: readonly ${name}Input[], call: ${name}CallOptions = {}): Promise<${name}Reply> {
    const number = calls.push({ inputs: structuredClone(inputs), options: call });
    if (options.latencyMs) await pause(options.latencyMs, call.signal);
    if (call.signal?.aborted) throw call.signal.reason;
    const failure = failures.shift();
    if (failure) throw failure;
    const known = call.idempotencyKey === undefined ? undefined : replies.get(call.idempotencyKey);
    if (known) return known;
    if (inputs.length === 0 || inputs.length > 1000) throw refuseCount(inputs.length);
    const warnings = inputs.map(check);
    const id = call.requestId ?? 'prediction_' + number;
    const predictions: ${name}Prediction[] = [];
    for (const [index, input] of inputs.entries()) {
      const said = typeof answer === 'function' ? await answer(input, index) : answer;
      if (said instanceof ${name}Error) throw said;
      const given = typeof said === 'object' && !Array.isArray(said) ? (said as Partial<${name}Prediction>) : { value: said as ${name}Value };
      predictions.push({
        id: id + '-' + index,
        value: 0,
        variant: 'double',
        model: 'double@1',
        source: 'model',
        warnings: warnings[index] ?? [],
        ...given,
      });
    }
    const reply = { endpoint: 'double', revision: 1, predictions, fallbackReason: null, milliseconds: { total: 0 } };
    if (call.idempotencyKey !== undefined) replies.set(call.idempotencyKey, reply);
    return reply;
  }

  return {
    calls,
    predictMany,
    async predict(input, call) {
      const { predictions } = await predictMany([input], call);
      return predictions[0] as ${name}Prediction;
    },
    failNext: (...next) => void failures.push(...next),
    answerWith: (next) => {
      answer = next;
    },
  };
}

function refuseCount(count: number): ${name}Error {
  return count === 0
    ? new ${name}Error({ code: 'requestInvalid', message: 'There is no record. Send at least one.', status: 400 })
    : new ${name}Error({ code: 'recordsTooMany', message: count + ' records. Send at most 1000 in a request.', status: 413 });
}

/** Warnings of a record, as the server gives them. @throws ${name}Error for what the model does not take */
function check(input: ${name}Input, record: number): string[] {
  const values = input as unknown as Readonly<Record<string, unknown>>;
  return ${name}Fields.flatMap((field) => {
    const value = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    const problem = problemOf(field, value);
    if (problem !== null) {
      const code = field.kind === 'key' ? 'entityKeyMissing' : 'featureInvalid';
      const message = 'Record ' + record + ", feature '" + field.name + "': " + problem + '. Send what the model takes.';
      throw new ${name}Error({ code, message, status: 400, details: { record, feature: field.name, problem } });
    }
    if (typeof value !== 'number' || field.minimum === null || field.maximum === null) return [];
    if (value > field.maximum) return [field.name + ' ' + value + ' is above the training maximum ' + field.maximum];
    return value < field.minimum ? [field.name + ' ' + value + ' is below the training minimum ' + field.minimum] : [];
  });
}

function problemOf({ kind, isRequired }: Field, value: unknown): string | null {
  if (value === undefined || value === null) return isRequired ? 'it is missing' : null;
  const said = JSON.stringify(value)?.slice(0, 60) ?? typeof value;
  const isKey = ['string', 'number', 'boolean'].includes(typeof value);
  if (kind === 'key') return isKey ? null : said + ' is no text, number or boolean';
  if (kind === 'text') return typeof value === 'string' ? null : said + ' is no text';
  if (kind === 'datetime') {
    const isTime = typeof value === 'number' || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
    return isTime ? null : said + ' is no time';
  }
  if (typeof value === 'boolean') return null;
  if (typeof value !== 'number') return said + ' is not a number';
  if (!Number.isFinite(Math.fround(value))) return 'it is ' + value;
  if (kind === 'integer' && !Number.isInteger(value)) return said + ' is no integer';
  return kind === 'boolean' && value !== 0 && value !== 1 ? said + ' is no boolean' : null;
}
`;
