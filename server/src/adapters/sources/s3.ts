import { createHash } from 'node:crypto';
import { basename, join, matchesGlob } from 'node:path';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { errors, TidemillError } from '../../base/errors.ts';
import { judgedLookup, judgeHost, type Resolve } from '../network/network.ts';
import { openS3, type S3Sdk } from '../s3/s3.ts';
import { sourceRefusals } from './http.ts';
import { ContentChanged, restarted, resumed } from './resumed.ts';
import { canBeCut, formatOfName, requiredFormat, saveContent } from './saved-file.ts';
import type { Fetched, FetchedFile, FetchRequest, SourceLimits, SourcePolicy } from './sources.ts';

type S3Request = FetchRequest & {
  readonly from: { readonly url: string; readonly endpoint?: string; readonly region?: string };
};

interface Place {
  readonly bucket: string;
  readonly key: string;
}

interface Listed {
  readonly key: string;
  readonly etag: string;
}

/** One object, or all whose keys match a pattern, in the order of their keys. */
export async function fetchS3(
  request: S3Request,
  policy: SourcePolicy,
  limits: SourceLimits,
  resolve: Resolve,
): Promise<Fetched> {
  const { from, signal } = request;
  const refusals = {
    refused: (reason: string) => sourceRefusals.refused(from.url, reason),
    unknown: sourceRefusals.unknown,
  };
  // A literal address is never looked up, so it is judged here; names are judged whenever they are.
  if (from.endpoint !== undefined)
    await judgeHost(new URL(from.endpoint).hostname, policy, resolve, refusals);
  const { sdk, client } = await openS3({
    endpoint: from.endpoint,
    region: from.region,
    credentials: credentialsOf(request.secrets),
    lookup: judgedLookup(policy, resolve, refusals),
    silenceMs: limits.silenceMs,
  });
  const limit = AbortSignal.timeout(limits.totalMs);
  try {
    const store = { sdk, client, place: parsePlace(from.url), signal: AbortSignal.any([limit, signal]) };
    return await restarted(limits.restarts, () => fetchFrom(store, request, policy, limits));
  } catch (error) {
    if (error instanceof TidemillError || signal.aborted) throw error;
    if (limit.aborted)
      throw errors.sourceUnreachable({
        location: from.url,
        reason: `it took longer than ${limits.totalMs / 1000} s`,
      });
    throw toFailure(error, from.url, sdk);
  } finally {
    client.destroy();
  }
}

interface Store {
  readonly sdk: S3Sdk;
  readonly client: S3Client;
  readonly place: Place;
  readonly signal: AbortSignal;
}

async function fetchFrom(
  store: Store,
  request: S3Request,
  policy: SourcePolicy,
  limits: SourceLimits,
): Promise<Fetched> {
  const location = request.from.url;
  const listed = await list(store, location, limits);
  const validator = createHash('sha256').update(JSON.stringify(listed)).digest('hex');
  if (validator === request.validator) return { unchanged: true };
  const taken = request.sample ? listed.slice(0, 1) : listed;
  const files: FetchedFile[] = [];
  let bytes = 0;
  let isWhole = taken.length === listed.length;
  for (const [i, { key, etag }] of taken.entries()) {
    const name = basename(key);
    const format = requiredFormat(request.format ?? formatOfName(name), `s3://${store.place.bucket}/${key}`);
    const to = join(request.folder, `${i}-${name.slice(-100)}`);
    const first = await getObject(store, key, { etag });
    const again = (from: number) => getObject(store, key, { etag, from });
    const isFinal = (error: unknown) => isAnswered(error, store.sdk);
    const { signal } = store;
    const content = resumed(first, { ...limits, signal, isFinal, again: etag === '' ? null : again });
    const saved = await saveContent(content, {
      location,
      to,
      maxBytes: policy.maxBytes - bytes,
      sampleBytes: request.sample && canBeCut(format, name) ? limits.sampleBytes : null,
      signal: store.signal,
      onBytes: (part) => request.onBytes?.(bytes + part),
    });
    bytes += saved.bytes;
    isWhole &&= saved.isWhole;
    files.push({ path: to, label: key, format });
  }
  return { unchanged: false, files, bytes, validator, isWhole, isBehindCursor: false };
}

/** Exactly what was listed, from a byte on: one that was replaced meanwhile is no mixture. @throws ContentChanged */
async function getObject(
  { sdk, client, place, signal }: Store,
  Key: string,
  { etag, from = 0 }: { readonly etag: string; readonly from?: number },
): Promise<AsyncIterable<Uint8Array>> {
  const exactly = { ...(etag && { IfMatch: etag }), ...(from > 0 && { Range: `bytes=${from}-` }) };
  const command = new sdk.GetObjectCommand({ Bucket: place.bucket, Key, ...exactly });
  const found = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    const status = statusOf(error, sdk);
    throw status === 412 || status === 416 ? new ContentChanged() : error;
  });
  if (from > 0 && !found.ContentRange?.startsWith(`bytes ${from}-`)) throw new ContentChanged();
  return bytesOf(found);
}

function bytesOf({ Body }: GetObjectCommandOutput): AsyncIterable<Uint8Array> {
  if (Body && Symbol.asyncIterator in Body) return Body as AsyncIterable<Uint8Array>;
  throw new Error('it gives no content');
}

async function list(
  { sdk, client, place, signal }: Store,
  location: string,
  limits: SourceLimits,
): Promise<Listed[]> {
  const { bucket: Bucket, key } = place;
  if (!isPattern(key)) {
    const head = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: key }), { abortSignal: signal });
    return [{ key, etag: head.ETag ?? '' }];
  }
  const found: Listed[] = [];
  const fixed = key.slice(0, key.search(patternSigns));
  const pages = sdk.paginateListObjectsV2({ client }, { Bucket, Prefix: fixed }, { abortSignal: signal });
  for await (const page of pages) {
    for (const { Key, ETag } of page.Contents ?? [])
      if (Key !== undefined && matchesGlob(Key, key)) found.push({ key: Key, etag: ETag ?? '' });
    if (found.length > limits.files)
      throw errors.sourceRejected({
        location,
        reason: `it means more than ${limits.files} objects`,
        remedy: 'Make the pattern narrower, or join the files',
      });
  }
  if (found.length > 0) return found;
  throw errors.sourceRejected({
    location,
    reason: 'no object is there',
    remedy: 'Check bucket, key and endpoint',
  });
}

const patternSigns = /[*?[\]{}]/;
const isPattern = (key: string): boolean => patternSigns.test(key);

function parsePlace(url: string): Place {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  return { bucket, key };
}

function credentialsOf({ accessKeyId, secretAccessKey, sessionToken }: Readonly<Record<string, string>>) {
  // Never those of the server itself: whoever names a bucket would read what only the server may.
  if (accessKeyId === undefined || secretAccessKey === undefined) return null;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

const statusOf = (error: unknown, sdk: S3Sdk): number =>
  error instanceof sdk.S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;

/** The store said no, and would again. */
const isAnswered = (error: unknown, sdk: S3Sdk): boolean => {
  const status = statusOf(error, sdk);
  return status > 0 && status < 500 && status !== 429;
};

function toFailure(error: unknown, location: string, sdk: S3Sdk): TidemillError {
  const status = statusOf(error, sdk);
  const reason = error instanceof Error ? error.name.replace(/^Error$/, error.message) : String(error);
  if (!isAnswered(error, sdk)) return errors.sourceUnreachable({ location, reason: codeOf(error) ?? reason });
  const isDenied = status === 401 || status === 403;
  return errors.sourceRejected({
    location,
    reason: `the store answers ${status} (${reason})`,
    remedy: isDenied
      ? 'Check the secrets accessKeyId and secretAccessKey and what they allow'
      : 'Check bucket, key, region and endpoint',
  });
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
