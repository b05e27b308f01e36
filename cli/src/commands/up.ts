import { type Command, Option } from 'commander';
import { example } from '../pages.ts';

interface UpOptions {
  host?: string;
  port?: string;
  data?: string;
  database?: string;
  durability?: string;
  allowHost?: string[];
  corsOrigin?: string[];
  trustProxy?: string[];
  defaultEndpoint?: string;
  logLevel?: string;
  blobs?: string;
  online?: string;
  featureWatch?: string;
  s3Endpoint?: string;
  s3Region?: string;
  artifactRoot?: string;
  webhookSchemes?: string;
  webhookPrivate?: boolean;
  sourceRoot?: string[];
  allowPrivateSources?: boolean;
  sourceMaxBytes?: string;
  jobCpus?: string;
  jobMemory?: string;
  modelPython?: string;
  modelMemory?: string;
  grpcPort?: string;
  inferenceMaxBytes?: string;
  jobGpus?: string;
  exitWithParent?: boolean;
}

const shared = (command: Command): Command =>
  command
    .option('--data <folder>', 'data folder (default: TIDEMILL_DATA or .tidemill/data)')
    .option('--database <url>', 'sqlite or postgres://… (default: TIDEMILL_DATABASE or sqlite)')
    .option(
      '--blobs <place>',
      'where files are kept: filesystem, in the data folder (default: TIDEMILL_BLOBS), or s3://bucket/prefix with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    )
    .option(
      '--online <place>',
      'where feature values are kept for serving: sqlite, in the data folder (default: TIDEMILL_ONLINE), or redis://host:port/db?prefix=name, with a password better in TIDEMILL_ONLINE than here',
    )
    .option('--s3-endpoint <url>', 'of an S3-compatible store other than AWS (default: AWS_ENDPOINT_URL_S3)')
    .option('--s3-region <name>', 'default: AWS_REGION')
    .addOption(
      new Option('--durability <level>', 'what an acknowledged write survives').choices(['process', 'power']),
    )
    .addOption(
      new Option('--log-level <level>', 'default warn').choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    );

export function addUpCommand(program: Command): void {
  const start = shared(program.command('up'))
    .description('start the server: API, UI, tasks, serving, in this process')
    .option('--host <address>', 'address to listen on (default 127.0.0.1; any other needs a token)')
    .option('--port <number>', 'port (default 4600; 0 takes a free one)')
    .option(
      '--artifact-root <uri>',
      'where files of new experiments are kept: mlflow-artifacts:/, by this server (default), or file:///folder, into which clients on this machine write by themselves',
    )
    .option('--allow-host <names...>', 'further host names under which the server is addressed')
    .option(
      '--cors-origin <origins...>',
      'pages that may predict from a browser, as https://shop.example, or * (default: TIDEMILL_CORS_ORIGINS or none)',
    )
    .option(
      '--trust-proxy <addresses...>',
      'proxies, as 10.1.2.3 or 10.0.0.0/8, whose X-Forwarded-For says where a request is from (default: TIDEMILL_TRUST_PROXY or none)',
    )
    .option(
      '--default-endpoint <name>',
      'what /invocations asks, which names none (default: TIDEMILL_DEFAULT_ENDPOINT)',
    )
    .option(
      '--webhook-schemes <names>',
      'https or http,https: where webhooks may go (default: MLFLOW_WEBHOOK_ALLOWED_SCHEMES or https)',
    )
    .option('--webhook-private', 'webhooks may go to this machine and private networks')
    .addOption(
      new Option(
        '--feature-watch <on|off>',
        'views with a freshness objective, or online, are watched by themselves (default: TIDEMILL_FEATURE_WATCH or on)',
      ).choices(['on', 'off']),
    )
    .option('--source-root <folders...>', 'folders whose files sources may read (default: none)')
    .option('--allow-private-sources', 'sources may be on this machine and in private networks')
    .option('--source-max-bytes <number>', 'of one pull (default 10 GiB)')
    .option('--job-cpus <number>', 'cores that jobs may take, all together (default: those of the machine)')
    .option(
      '--model-python <path>',
      'interpreter for all models of Python code (default: an environment for each, from its requirements)',
    )
    .option('--model-memory <bytes>', 'memory that a model of Python code may take (default: 4 GiB)')
    .option(
      '--grpc-port <number>',
      'port of the Open Inference Protocol by gRPC (default: none; 0 takes a free one)',
    )
    .option(
      '--inference-max-bytes <number>',
      'of one request of the Open Inference Protocol (default 64 MiB)',
    )
    .option('--job-memory <bytes>', 'memory that jobs may set aside (default: 80 % of the machine)')
    .option('--job-gpus <number>', 'graphics processors that jobs may take (default 0)')
    .addOption(new Option('--exit-with-parent', 'end when standard input closes').hideHelp())
    .action((options: UpOptions) => up(options));
  example(start, 'up --data ~/tidemill --port 4600');
  const firstToken = shared(program.command('first-token'))
    .description('create the first admin token on this machine, before the server listens beyond it')
    .action(async (options: UpOptions) => {
      const { createFirstToken } = await loadServer();
      const { secret } = await createFirstToken(options, { name: 'first', role: 'admin' });
      process.stdout.write(`${secret}\n`);
    });
  example(firstToken, 'first-token --data ~/tidemill');
}

async function up(options: UpOptions): Promise<void> {
  const { startServer } = await loadServer();
  const server = await startServer(options);
  process.stdout.write(`Tidemill listens on ${server.url}\n`);
  if (server.grpc !== null) process.stdout.write(`gRPC on ${server.grpc}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    // Started by another program through a pipe: end when it ends, even if it was killed.
    if (options.exitWithParent) process.stdin.on('end', resolve).on('error', resolve).resume();
  });
  await server.close();
  process.exit(0);
}

/** Only `up` needs the server, so the packed CLI installs without it. */
async function loadServer(): Promise<typeof import('@tidemill/server/main')> {
  try {
    return await import('@tidemill/server/main');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message =
      'The server is not installed beside this command. Clone the repository and run `npm install` there, or install @tidemill/server.';
    throw Object.assign(new Error(message), { code: 'serverMissing' });
  }
}
