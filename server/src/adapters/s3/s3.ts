/**
 * The one way to an S3-compatible store. The SDK is loaded at the first use: it would make up a third of the time that
 * the server takes to start.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

export interface S3Options {
  /** Of another store than AWS: `http://127.0.0.1:9000`. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** `null` sends no signature: what is public needs none. Absent: as the SDK finds them in its environment. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  } | null;
  /** Judges where names may lead; absent: anywhere. */
  readonly lookup?: LookupFunction;
  readonly connectTimeoutMs?: number;
  /** Between two signs of life. */
  readonly silenceMs?: number;
  readonly attempts?: number;
}

/** Some credentials, as the SDK looks for its own even where nothing is signed. */
const unsigned: Pick<S3ClientConfig, 'credentials' | 'signer'> = {
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  signer: { sign: async (request) => request },
};

export type S3Sdk = typeof import('@aws-sdk/client-s3');

/** The SDK's module and a client, whose owner destroys it. */
export async function openS3(options: S3Options) {
  const sdk = await import('@aws-sdk/client-s3');
  const { endpoint, region, credentials, lookup, silenceMs = 60_000, attempts = 3 } = options;
  const agents = { keepAlive: true, maxSockets: 32, ...(lookup && { lookup }) };
  const client = new sdk.S3Client({
    region: region ?? 'us-east-1',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials && { credentials }),
    ...(credentials === null && unsigned),
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs ?? 10_000,
      socketTimeout: silenceMs,
      httpAgent: new HttpAgent(agents),
      httpsAgent: new HttpsAgent(agents),
    },
  });
  return { sdk, client };
}
