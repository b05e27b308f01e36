/** The requests to an S3-compatible store that blobs are made of; retries on 5xx, timeouts and throttling are the SDK's. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { GetObjectCommandOutput, HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { errors } from '../../base/errors.ts';
import type { S3Sdk } from '../s3/s3.ts';
import type { StoredBlob } from './blobs.ts';

export interface S3Place {
  readonly sdk: S3Sdk;
  readonly client: S3Client;
  readonly bucket: string;
  /** Above it a file goes up in parts of that size, of which four are in memory. */
  readonly partBytes: number;
  /** The most that one request may copy: 5 GiB on AWS. */
  readonly copyBytes: number;
}

const inFlight = 4;
const mostParts = 9_000;
/** A body that breaks is asked for again from where it broke. */
const bodyAttempts = 5;

export async function headObject(place: S3Place, key: string): Promise<HeadObjectCommandOutput | null> {
  try {
    return await place.client.send(new place.sdk.HeadObjectCommand({ Bucket: place.bucket, Key: key }));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The store checks what arrives against the hash, in one piece or by part, before it can be seen. */
export async function uploadFile(place: S3Place, key: string, path: string, blob: StoredBlob): Promise<void> {
  const { sdk, client, bucket, partBytes } = place;
  if (blob.size <= partBytes) {
    const ChecksumSHA256 = Buffer.from(blob.sha256, 'hex').toString('base64');
    const Body = await readFile(path);
    await client.send(
      new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body,
        ContentLength: blob.size,
        ChecksumSHA256,
      }),
    );
    return;
  }
  const { Upload } = await import('@aws-sdk/lib-storage');
  const upload = new Upload({
    client,
    partSize: Math.max(partBytes, Math.ceil(blob.size / mostParts)),
    queueSize: inFlight,
    params: { Bucket: bucket, Key: key, Body: createReadStream(path), ChecksumAlgorithm: 'SHA256' },
  });
  await upload.done();
}

/** Copied onto itself, which makes it as new as if just stored. */
export async function restampObject(place: S3Place, key: string): Promise<void> {
  const head = await headObject(place, key);
  if (!head) throw errors.blobNotFound({ sha256: key.slice(-64) });
  const size = head.ContentLength ?? 0;
  const { sdk, client, bucket, copyBytes } = place;
  const CopySource = encodeURI(`${bucket}/${key}`);
  if (size > copyBytes) return copyInParts(place, key, { size, CopySource });
  const Metadata = { kept: new Date().toISOString() };
  const request = { Bucket: bucket, Key: key, CopySource, Metadata, MetadataDirective: 'REPLACE' as const };
  try {
    await client.send(new sdk.CopyObjectCommand(request));
  } catch (error) {
    throw isMissing(error) ? errors.blobNotFound({ sha256: key.slice(-64) }, error) : error;
  }
}

async function copyInParts(
  { sdk, client, bucket, copyBytes }: S3Place,
  key: string,
  { size, CopySource }: { readonly size: number; readonly CopySource: string },
): Promise<void> {
  const at = { Bucket: bucket, Key: key };
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(at));
  try {
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (let first = 0; first < size; first += copyBytes) {
      const PartNumber = Parts.length + 1;
      const CopySourceRange = `bytes=${first}-${Math.min(first + copyBytes, size) - 1}`;
      const copied = await client.send(
        new sdk.UploadPartCopyCommand({ ...at, UploadId, PartNumber, CopySource, CopySourceRange }),
      );
      Parts.push({ PartNumber, ETag: copied.CopyPartResult?.ETag });
    }
    await client.send(
      new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }),
    );
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => undefined);
    throw error;
  }
}

type Part = { readonly first: number; readonly last: number };

/** Missing objects fail here, before anything is read. */
export async function openObject(
  place: S3Place,
  key: string,
  part?: Part,
): Promise<AsyncGenerator<Uint8Array>> {
  return readOn(place, key, await getObject(place, key, part), part);
}

async function getObject(
  { sdk, client, bucket }: S3Place,
  key: string,
  part: { readonly first: number; readonly last?: number | undefined } | undefined,
): Promise<GetObjectCommandOutput> {
  const Range = part && `bytes=${part.first}-${part.last ?? ''}`;
  try {
    return await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key, Range }));
  } catch (error) {
    throw isMissing(error) ? errors.blobNotFound({ sha256: key.slice(-64) }, error) : error;
  }
}

/** Under a name that is a hash there is never another content: going on is always right. */
async function* readOn(
  place: S3Place,
  key: string,
  opened: GetObjectCommandOutput,
  part: Part | undefined,
): AsyncGenerator<Uint8Array> {
  let position = part?.first ?? 0;
  const end = position + (opened.ContentLength ?? 0);
  let body = bodyOf(opened);
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const piece of body) {
        position += piece.length;
        yield piece;
      }
      if (position >= end) return;
      throw new Error(`the connection ended at byte ${position} of ${end}`);
    } catch (error) {
      if (attempt >= bodyAttempts) throw error;
    }
    body = bodyOf(await getObject(place, key, { first: position, last: part?.last }));
  }
}

function bodyOf({ Body }: GetObjectCommandOutput): AsyncIterable<Uint8Array> {
  if (Body && Symbol.asyncIterator in Body) return Body as AsyncIterable<Uint8Array>;
  throw new Error('the store gives no content');
}

/** Keys behind `after`, in ascending order, page by page. */
export async function* listKeys(place: S3Place, prefix: string, after: string): AsyncGenerator<string> {
  const { sdk, client, bucket } = place;
  const request = { Bucket: bucket, Prefix: prefix, ...(after && { StartAfter: `${prefix}${after}` }) };
  for await (const page of sdk.paginateListObjectsV2({ client }, request))
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key.slice(prefix.length);
}

const statusOf = (error: unknown): number =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;

export const isMissing = (error: unknown): boolean =>
  statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket';

/** Why a store cannot be used, in words for whoever starts the server. */
export function describeFailure(error: unknown, bucket: string): string {
  const status = statusOf(error);
  const name = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (status === 404) return `there is no bucket '${bucket}' (create it first, or check region and endpoint)`;
  if (status === 401 || status === 403)
    return `the store answers ${status}: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they allow on '${bucket}'`;
  if (status === 301) return `the bucket '${bucket}' lies in another region; name it with --s3-region`;
  return `the store cannot be reached or used (${name.slice(0, 300)})`;
}
