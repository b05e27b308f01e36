import { isIP } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { delimiter, relative, resolve } from 'node:path';
import { parseKey } from './access/secrets/rules.ts';
import type { DestinationPolicy } from './adapters/network/network.ts';
import type { SourcePolicy } from './adapters/sources/sources.ts';
import { errors } from './base/errors.ts';
import { parseFileUri } from './base/file-uri.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly database:
    | { readonly kind: 'sqlite'; readonly durability: 'process' | 'power' }
    | { readonly kind: 'postgres'; readonly url: string };
  /** Where files are kept: in the data folder, or in a bucket. */
  readonly blobs:
    | { readonly kind: 'filesystem' }
    | ({ readonly kind: 's3'; readonly bucket: string; readonly prefix: string } & S3Access);
  /** Feature values by entity: in the data folder, or in a Redis that servers share. */
  readonly online:
    | { readonly kind: 'sqlite' }
    | { readonly kind: 'redis'; readonly url: string; readonly prefix: string };
  /** Whether feature views are watched of which nobody has said so: freshness and parity. */
  readonly watchViews: boolean;
  /** Folder into which clients write artifacts by themselves; null: to this server. */
  readonly artifactFolder: string | null;
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call the inference doors, or `*`. */
  readonly corsOrigins: readonly string[];
  /** Addresses and networks of proxies whose word on where a request is from is believed. */
  readonly trustedProxies: readonly string[];
  /** What `/invocations` asks, which names no endpoint; null: it answers that. */
  readonly defaultEndpoint: string | null;
  readonly logLevel: string;
  /** Seals the secrets in the database; null keeps a key of our own in the data folder. */
  readonly secretKey: Buffer | null;
  /** Where the registry's webhooks may go. */
  readonly webhookDestinations: DestinationPolicy;
  /** What sources of data may read. */
  readonly sources: SourcePolicy;
  /** Folder of the built web UI; without it the API stands alone. */
  readonly webFolder: string | null;
  /** What commands of users get of this program's environment: where programs are, never a secret. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** What building their environments gets beside that: where packages come from, and by which proxy. */
  readonly buildEnvironment: Readonly<Record<string, string>>;
  /** What commands of users may take of this machine, all together. */
  readonly jobCapacity: { readonly cpu: number; readonly memoryBytes: number; readonly gpu: number };
  /** Where spans go (OpenTelemetry's own variables); null: nothing is traced. */
  readonly traces: TracesConfig | null;
  /** Models of Python code: one interpreter for all of them, or null for an environment each; memory of each. */
  readonly models: { readonly python: string | null; readonly memoryBytes: number };
  /** The Open Inference Protocol: the port of its gRPC form, if any, and the most bytes of a request. */
  readonly inference: { readonly grpcPort: number | null; readonly maxBytes: number };
}

export interface TracesConfig {
  /** `http://collector:4318/v1/traces` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  /** Share of the traces that begin here that are kept. */
  readonly share: number;
}

/** How an S3-compatible store is reached; without keys the SDK looks where AWS's own programs do. */
export interface S3Access {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** What `tidemill up` was given; anything absent comes from the environment, then from the default. */
export interface ConfigOptions {
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly data?: string | undefined;
  readonly database?: string | undefined;
  readonly durability?: string | undefined;
  readonly allowHost?: readonly string[] | undefined;
  readonly corsOrigin?: readonly string[] | undefined;
  readonly trustProxy?: readonly string[] | undefined;
  readonly defaultEndpoint?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly blobs?: string | undefined;
  readonly online?: string | undefined;
  readonly featureWatch?: string | undefined;
  readonly s3Endpoint?: string | undefined;
  readonly s3Region?: string | undefined;
  readonly artifactRoot?: string | undefined;
  readonly webhookSchemes?: string | undefined;
  readonly webhookPrivate?: boolean | undefined;
  readonly sourceRoot?: readonly string[] | undefined;
  readonly allowPrivateSources?: boolean | undefined;
  readonly sourceMaxBytes?: string | undefined;
  readonly jobCpus?: string | undefined;
  readonly jobMemory?: string | undefined;
  readonly jobGpus?: string | undefined;
  readonly modelPython?: string | undefined;
  readonly modelMemory?: string | undefined;
  readonly grpcPort?: string | undefined;
  readonly inferenceMaxBytes?: string | undefined;
}

/** Reads options and environment once. @throws configInvalid naming the setting */
export function readConfig(options: ConfigOptions, environment: NodeJS.ProcessEnv = process.env): Config {
  const dataFolder = resolve(options.data ?? environment.TIDEMILL_DATA ?? '.tidemill/data');
  const artifactRoot = options.artifactRoot ?? environment.TIDEMILL_ARTIFACT_ROOT ?? ownRoot;
  const hosts = options.allowHost ?? environment.TIDEMILL_ALLOW_HOSTS?.split(',') ?? [];
  return {
    host: options.host ?? environment.TIDEMILL_HOST ?? '127.0.0.1',
    port: readPort(options.port ?? environment.TIDEMILL_PORT ?? '4600', '--port (TIDEMILL_PORT)'),
    dataFolder,
    blobs: readBlobs(options, environment),
    online: readOnline(options.online ?? environment.TIDEMILL_ONLINE ?? 'sqlite'),
    watchViews: readWatch(options.featureWatch ?? environment.TIDEMILL_FEATURE_WATCH ?? 'on'),
    artifactFolder: readArtifactFolder(artifactRoot, dataFolder),
    database: readDatabase(options, environment),
    allowedHosts: hosts.map((host) => host.trim()).filter(Boolean),
    corsOrigins: readOrigins(options.corsOrigin ?? environment.TIDEMILL_CORS_ORIGINS?.split(',') ?? []),
    trustedProxies: readProxies(options.trustProxy ?? environment.TIDEMILL_TRUST_PROXY?.split(',') ?? []),
    defaultEndpoint: readDefaultEndpoint(options.defaultEndpoint ?? environment.TIDEMILL_DEFAULT_ENDPOINT),
    logLevel: readLevel(options.logLevel ?? environment.TIDEMILL_LOG_LEVEL ?? 'warn'),
    secretKey: readSecretKey(environment.TIDEMILL_SECRET_KEY),
    webhookDestinations: readDestinations(options, environment),
    sources: readSources(options, environment),
    webFolder: environment.TIDEMILL_WEB ?? resolve(import.meta.dirname, '../../web/dist'),
    commandEnvironment: readCommandEnvironment(environment),
    buildEnvironment: readBuildEnvironment(environment),
    jobCapacity: readJobCapacity(options, environment),
    models: readModels(options, environment),
    traces: readTraces(environment),
    inference: readInference(options, environment),
  };
}

/** As every program reads them that speaks OpenTelemetry: https://opentelemetry.io/docs/specs/otel/protocol/exporter */
export function readTraces(environment: NodeJS.ProcessEnv): TracesConfig | null {
  const of = (name: string) => environment[name]?.trim() || undefined;
  const invalid = (variable: string, reason: string) => errors.configInvalid({ variable, reason });
  const base = of('OTEL_EXPORTER_OTLP_ENDPOINT');
  const url = of('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? (base && `${base.replace(/\/+$/, '')}/v1/traces`);
  if (url === undefined || of('OTEL_SDK_DISABLED') === 'true' || of('OTEL_TRACES_EXPORTER') === 'none')
    return null;
  if (!/^https?:\/\/[^/]+/.test(url) || !URL.canParse(url))
    throw invalid('OTEL_EXPORTER_OTLP_ENDPOINT', `'${url.slice(0, 200)}' is no http:// or https:// address`);
  const protocol =
    of('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? of('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/json';
  if (!protocol.startsWith('http/'))
    throw invalid(
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      `'${protocol}' is not supported: spans go by HTTP, which collectors take on port 4318 (http/json)`,
    );
  const sampler = of('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const shares: Record<string, number> = { always_on: 1, always_off: 0, traceidratio: readShare() };
  const share = shares[sampler.replace(/^parentbased_/, '')];
  if (share === undefined)
    throw invalid(
      'OTEL_TRACES_SAMPLER',
      `'${sampler}' is none of always_on, always_off, traceidratio, with parentbased_ before it`,
    );
  return {
    url,
    headers: readPairs('OTEL_EXPORTER_OTLP_HEADERS'),
    resource: {
      ...readPairs('OTEL_RESOURCE_ATTRIBUTES'),
      'service.name':
        of('OTEL_SERVICE_NAME') ?? readPairs('OTEL_RESOURCE_ATTRIBUTES')['service.name'] ?? 'tidemill',
    },
    share,
  };

  function readShare(): number {
    const text = of('OTEL_TRACES_SAMPLER_ARG') ?? '1';
    const number = Number(text);
    if (number >= 0 && number <= 1) return number;
    throw invalid('OTEL_TRACES_SAMPLER_ARG', `'${text}' is no number from 0 to 1`);
  }

  /** `name=value,name=value`, percent-encoded. */
  function readPairs(variable: string): Record<string, string> {
    const pairs = (of(variable) ?? '').split(',').filter((pair) => pair.trim() !== '');
    return Object.fromEntries(
      pairs.map((pair) => {
        const cut = pair.indexOf('=');
        if (cut < 1) throw invalid(variable, 'it is not name=value,name=value');
        try {
          return [pair.slice(0, cut).trim(), decodeURIComponent(pair.slice(cut + 1).trim())];
        } catch {
          throw invalid(variable, 'a value is not percent-encoded as it should be');
        }
      }),
    );
  }
}

/** As browsers write them: scheme, host and port, nothing behind. */
function readOrigins(texts: readonly string[]): readonly string[] {
  const origins = texts.map((text) => text.trim()).filter(Boolean);
  for (const origin of origins)
    if (origin !== '*' && (origin.includes('*') || URL.parse(origin)?.origin !== origin))
      throw errors.configInvalid({
        variable: '--cors-origin (TIDEMILL_CORS_ORIGINS)',
        reason: `'${origin.slice(0, 200)}' is no origin such as https://shop.example or http://localhost:5173, without a path or a slash at its end, nor * for every page`,
      });
  return origins;
}

/** Addresses, or networks as 10.0.0.0/8; never all, as then anybody could say where they are from. */
function readProxies(texts: readonly string[]): readonly string[] {
  const proxies = texts.map((text) => text.trim()).filter(Boolean);
  for (const proxy of proxies) {
    const [address = '', bits, ...rest] = proxy.split('/');
    const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : 0;
    const isNetwork = bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most);
    if (most === 0 || !isNetwork || rest.length > 0)
      throw errors.configInvalid({
        variable: '--trust-proxy (TIDEMILL_TRUST_PROXY)',
        reason: `'${proxy.slice(0, 200)}' is neither an address nor a network such as 10.1.2.3, 10.0.0.0/8 or fd00::/8`,
      });
  }
  return proxies;
}

function readDefaultEndpoint(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  if (/^[a-z0-9][a-z0-9._-]{0,127}$/.test(text)) return text;
  throw errors.configInvalid({
    variable: '--default-endpoint (TIDEMILL_DEFAULT_ENDPOINT)',
    reason: `'${text.slice(0, 200)}' cannot be the name of an endpoint`,
  });
}

const forCommands = ['PATH', 'HOME', 'USER', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'VIRTUAL_ENV'];

export function readCommandEnvironment(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    forCommands.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
}

const forBuilds =
  /^(?:PIP_.+|UV_.+|https?_proxy|all_proxy|no_proxy|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|XDG_.+)$/i;

export function readBuildEnvironment(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && forBuilds.test(name) ? [[name, value]] : [],
    ),
  );
}

/** A server with a little memory of its own beside them. */
const shareOfMemory = 0.8;

function readJobCapacity(options: ConfigOptions, environment: NodeJS.ProcessEnv): Config['jobCapacity'] {
  const read = (option: string, variable: string, given: string | undefined, otherwise: number) => {
    const text = given ?? environment[variable];
    const value = text === undefined ? otherwise : Number(text);
    if (Number.isFinite(value) && value >= 0) return value;
    throw errors.configInvalid({ variable: `${option} (${variable})`, reason: `'${text}' is no number` });
  };
  return {
    cpu: read('--job-cpus', 'TIDEMILL_JOB_CPUS', options.jobCpus, availableParallelism()),
    memoryBytes: read(
      '--job-memory',
      'TIDEMILL_JOB_MEMORY',
      options.jobMemory,
      Math.floor(totalmem() * shareOfMemory),
    ),
    gpu: Math.trunc(read('--job-gpus', 'TIDEMILL_JOB_GPUS', options.jobGpus, 0)),
  };
}

const modelBytes = '4294967296';

function readModels(options: ConfigOptions, environment: NodeJS.ProcessEnv): Config['models'] {
  const python = options.modelPython ?? environment.TIDEMILL_MODEL_PYTHON ?? '';
  const text = options.modelMemory ?? environment.TIDEMILL_MODEL_MEMORY ?? modelBytes;
  const memoryBytes = Number(text);
  if (Number.isSafeInteger(memoryBytes) && memoryBytes > 0)
    return { python: python === '' ? null : resolve(python), memoryBytes };
  const reason = `'${text}' is no number of bytes above 0`;
  throw errors.configInvalid({ variable: '--model-memory (TIDEMILL_MODEL_MEMORY)', reason });
}

/** Also under the names that MLflow's server has for them. */
function readDestinations(options: ConfigOptions, environment: NodeJS.ProcessEnv): DestinationPolicy {
  const schemes = options.webhookSchemes ?? environment.MLFLOW_WEBHOOK_ALLOWED_SCHEMES ?? 'https';
  const allowPrivate = environment.MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS ?? '';
  return {
    schemes: schemes.split(',').map(readScheme),
    allowPrivate: options.webhookPrivate ?? /^(?:true|1)$/i.test(allowPrivate),
  };
}

const defaultSourceBytes = '10737418240';

function readSources(options: ConfigOptions, environment: NodeJS.ProcessEnv): SourcePolicy {
  const roots = options.sourceRoot ?? environment.TIDEMILL_SOURCE_ROOTS?.split(delimiter) ?? [];
  const text = options.sourceMaxBytes ?? environment.TIDEMILL_SOURCE_MAX_BYTES ?? defaultSourceBytes;
  const maxBytes = Number(text);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw errors.configInvalid({
      variable: '--source-max-bytes (TIDEMILL_SOURCE_MAX_BYTES)',
      reason: `'${text}' is no number of bytes`,
    });
  return {
    roots: roots.filter(Boolean).map((root) => resolve(root)),
    allowPrivate:
      options.allowPrivateSources ?? /^(?:true|1)$/i.test(environment.TIDEMILL_ALLOW_PRIVATE_SOURCES ?? ''),
    maxBytes,
  };
}

function readScheme(text: string): 'http' | 'https' {
  const scheme = text.trim().toLowerCase();
  if (scheme === 'http' || scheme === 'https') return scheme;
  throw errors.configInvalid({
    variable: '--webhook-schemes (MLFLOW_WEBHOOK_ALLOWED_SCHEMES)',
    reason: `'${text}' is neither http nor https`,
  });
}

function readWatch(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  const reason = `'${text}' is neither on nor off`;
  throw errors.configInvalid({ variable: '--feature-watch (TIDEMILL_FEATURE_WATCH)', reason });
}

/** Only from the environment: an option would stand in the list of processes. */
function readSecretKey(text: string | undefined): Buffer | null {
  if (text === undefined || text === '') return null;
  const key = parseKey(text);
  if (key) return key;
  throw errors.configInvalid({
    variable: 'TIDEMILL_SECRET_KEY',
    reason: 'it is not 32 bytes in base64 or 64 hex digits (openssl rand -base64 32 makes one)',
  });
}

function readBlobs(options: ConfigOptions, environment: NodeJS.ProcessEnv): Config['blobs'] {
  const text = options.blobs ?? environment.TIDEMILL_BLOBS ?? 'filesystem';
  if (text === 'filesystem') return { kind: 'filesystem' };
  const [, bucket, path = ''] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/[\w.!*'()/-]*)?$/.exec(text) ?? [];
  const prefix = path.replace(/^\/+|\/+$/g, '');
  if (bucket !== undefined && !prefix.split('/').some((part) => /^\.{1,2}$/.test(part)))
    return { kind: 's3', bucket, prefix, ...readS3Access(options, environment) };
  throw errors.configInvalid({
    variable: '--blobs (TIDEMILL_BLOBS)',
    reason: `'${text.slice(0, 200)}' is neither filesystem nor s3://bucket/prefix`,
  });
}

/** `?prefix=` keeps servers apart that share a Redis; everything else of the address is what every client of Redis reads. */
function readOnline(text: string): Config['online'] {
  if (text === 'sqlite') return { kind: 'sqlite' };
  const address = /^rediss?:\/\//.test(text) ? URL.parse(text) : null;
  const prefix = address?.searchParams.get('prefix') ?? 'tidemill';
  if (address && /^[\w.:-]{1,100}$/.test(prefix)) {
    address.searchParams.delete('prefix');
    return { kind: 'redis', url: address.href, prefix };
  }
  throw errors.configInvalid({
    variable: '--online (TIDEMILL_ONLINE)',
    reason:
      'it is neither sqlite nor redis://host:port/db?prefix=name (rediss:// for TLS; the prefix has letters, digits and . _ : -)',
  });
}

/** Keys only from the environment: an option would stand in the list of processes. */
function readS3Access(options: ConfigOptions, environment: NodeJS.ProcessEnv): S3Access {
  const endpoint = options.s3Endpoint ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  if (endpoint && !/^https?:\/\/[^/]+/.test(endpoint))
    throw errors.configInvalid({
      variable: '--s3-endpoint (AWS_ENDPOINT_URL_S3)',
      reason: `'${endpoint.slice(0, 200)}' is no http:// or https:// address`,
    });
  const region = options.s3Region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  const [accessKeyId, secretAccessKey] = [environment.AWS_ACCESS_KEY_ID, environment.AWS_SECRET_ACCESS_KEY];
  const sessionToken = environment.AWS_SESSION_TOKEN;
  return {
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    ...(accessKeyId &&
      secretAccessKey && {
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      }),
  };
}

const ownRoot = 'mlflow-artifacts:/';

/** Clients of any other root would write past this server, to a place that it neither checks nor cleans. */
function readArtifactFolder(root: string, dataFolder: string): string | null {
  if (root === ownRoot) return null;
  const refuse = (reason: string) =>
    errors.configInvalid({ variable: '--artifact-root (TIDEMILL_ARTIFACT_ROOT)', reason });
  const folder = parseFileUri(root);
  if (folder === null)
    throw refuse(
      `'${root.slice(0, 200)}' is neither ${ownRoot}, by which this server keeps the files itself, nor file:///<absolute path of a folder>, without '..', a query or a fragment; other stores, such as s3:// and gs://, are not supported, because clients would write past this server (--blobs s3://bucket/prefix keeps the files that it receives in S3)`,
    );
  if ([relative(folder, dataFolder), relative(dataFolder, folder)].some((way) => !way.startsWith('..')))
    throw refuse(`${root} and the data folder ${dataFolder} must not lie one in the other`);
  return folder;
}

function readPort(text: string, variable: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw errors.configInvalid({ variable, reason: `'${text}' is not a port number` });
}

/** As Triton has it. */
const inferenceBytes = '67108864';

function readInference(options: ConfigOptions, environment: NodeJS.ProcessEnv): Config['inference'] {
  const port = options.grpcPort ?? environment.TIDEMILL_GRPC_PORT ?? '';
  const text = options.inferenceMaxBytes ?? environment.TIDEMILL_INFERENCE_MAX_BYTES ?? inferenceBytes;
  const maxBytes = Number(text);
  // Beyond it lies what no text and no array of Node's can hold.
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1 || maxBytes > 2 ** 30)
    throw errors.configInvalid({
      variable: '--inference-max-bytes (TIDEMILL_INFERENCE_MAX_BYTES)',
      reason: `'${text}' is no number of bytes up to 1 GiB`,
    });
  const grpcPort = port === '' ? null : readPort(port, '--grpc-port (TIDEMILL_GRPC_PORT)');
  return { grpcPort, maxBytes };
}

function readLevel(text: string): string {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
  if (levels.includes(text)) return text;
  throw errors.configInvalid({
    variable: '--log-level (TIDEMILL_LOG_LEVEL)',
    reason: `'${text}' is none of ${levels.join(', ')}`,
  });
}

function readDatabase(options: ConfigOptions, environment: NodeJS.ProcessEnv): Config['database'] {
  const url = options.database ?? environment.TIDEMILL_DATABASE ?? 'sqlite';
  const durability = options.durability ?? environment.TIDEMILL_DURABILITY ?? 'process';
  if (durability !== 'process' && durability !== 'power') {
    throw errors.configInvalid({
      variable: '--durability (TIDEMILL_DURABILITY)',
      reason: `'${durability}' is neither process nor power`,
    });
  }
  if (url === 'sqlite') return { kind: 'sqlite', durability };
  if (/^postgres(ql)?:\/\//.test(url)) return { kind: 'postgres', url };
  throw errors.configInvalid({
    variable: '--database (TIDEMILL_DATABASE)',
    reason: `'${url}' is neither sqlite nor postgres://…`,
  });
}
