import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Destination, pinnedTo } from '../network/network.ts';

export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Certificates to trust besides those of the system. */
  readonly ca?: string;
}

export interface PostReply {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

const largestHeader = 16 * 1024;

/**
 * One request to the judged machines: the name only fills Host and the certificate's check. Redirects are not
 * followed, and of the reply nothing beyond its headers is read.
 */
export function post({ url, addresses }: Destination, options: PostRequest): Promise<PostReply> {
  const { headers, body, signal, ca } = options;
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sending = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: false,
        lookup: pinnedTo(addresses),
        maxHeaderSize: largestHeader,
        signal,
        ...(ca !== undefined && { ca }),
      },
      (response) => {
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
        response.destroy();
      },
    );
    sending.on('error', reject);
    sending.end(body);
  });
}
