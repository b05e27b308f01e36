import { Readable } from 'node:stream';
import type { Download } from '@tidemill/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../base/errors.ts';
import { FileStream } from '../base/file-stream.ts';

/**
 * The one way a file leaves by any door: as an attachment that no browser takes for a page of ours, whole, in part
 * (one range) or not at all (HEAD, and what the client has already).
 */
export async function sendDownload(
  request: FastifyRequest,
  reply: FastifyReply,
  described: Download,
): Promise<FastifyReply> {
  if (isKnown(request, described)) return sendNotModified(reply, described);
  const download = described.open ? { ...described, ...(await described.open()) } : described;
  if (isKnown(request, download)) return sendNotModified(reply, download);
  const range = request.method === 'HEAD' ? null : toRange(request, reply, download);
  reply.headers(toHeaders(download));
  if (range) {
    reply.status(206).headers({
      'content-range': `bytes ${range.start}-${range.end}/${download.size}`,
      'content-length': range.end - range.start + 1,
    });
  }
  if (request.method === 'HEAD') {
    discard(download);
    return reply.send();
  }
  if (!range || !download.slice) return reply.send(toReadable(download.content));
  discard(download);
  return reply.send(toReadable(await download.slice(range.start, range.end)));
}

function sendNotModified(reply: FastifyReply, download: Download): FastifyReply {
  discard(download);
  return reply.status(304).headers(toHeaders(download)).send();
}

function toHeaders({
  mediaType,
  fileName,
  size,
  etag,
  sha256,
  slice,
}: Download): Record<string, string | number> {
  const name = fileName === undefined ? '' : `; filename*=UTF-8''${encodeName(fileName)}`;
  return {
    'content-type': mediaType,
    'content-disposition': `attachment${name}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    ...(size !== undefined && { 'content-length': size }),
    ...(etag !== undefined && { etag: `"${etag}"` }),
    ...(sha256 !== undefined && {
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    }),
    ...(slice && { 'accept-ranges': 'bytes' }),
  };
}

/** Quotes and brackets, which `encodeURIComponent` leaves, mean something in this header. */
const encodeName = (name: string): string =>
  encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Whether the client has this already. */
function isKnown({ headers }: FastifyRequest, { etag }: Download): boolean {
  if (etag === undefined) return false;
  const known = [`"${etag}"`, `W/"${etag}"`, '*'];
  return headers['if-none-match']?.split(',').some((entry) => known.includes(entry.trim())) ?? false;
}

interface Range {
  readonly start: number;
  /** Its last byte. */
  readonly end: number;
}

/** Null: the whole. Several ranges at once, another unit or an outdated `If-Range` are answered with the whole too. */
function toRange(request: FastifyRequest, reply: FastifyReply, download: Download): Range | null {
  const { size, etag, slice } = download;
  const given = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range?.trim() ?? '');
  const only = request.headers['if-range'];
  if (!given || given[0] === 'bytes=-' || size === undefined || !slice) return null;
  if (only !== undefined && only !== `"${etag}"`) return null;
  const range = toBytes(given[1] ?? '', given[2] ?? '', size);
  if (range.start < size && range.start <= range.end) return range;
  discard(download);
  reply.header('content-range', `bytes */${size}`);
  throw errors.rangeNotSatisfiable({ range: given[0].slice(0, 100), size });
}

function toBytes(first: string, last: string, size: number): Range {
  if (first === '') return { start: last === '0' ? size : Math.max(0, size - Number(last)), end: size - 1 };
  return { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

function toReadable(content: Download['content']): Readable {
  // The reply pipes it into the socket, and nothing in between keeps a piece.
  if (content instanceof FileStream) return content.reuseBuffers();
  return content instanceof Readable ? content : Readable.from(content);
}

/** Content that is opened already and not wanted would keep its file open. */
function discard({ content }: Download): void {
  if (content instanceof Readable) content.destroy();
}
