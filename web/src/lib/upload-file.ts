import { createClient } from '@tidemill/sdk';
import { getToken, type InputOf } from './client.ts';

export interface UploadOptions {
  readonly signal: AbortSignal;
  /** Bytes that have left the browser. */
  readonly onProgress: (sent: number) => void;
}

type Commit = Omit<InputOf<'datasets', 'commit'>, 'content' | 'mediaType'>;

/** Commits a file of the user's; it is read from the disk as it is sent, never held whole. */
export function commitFile(input: Commit, file: File, options: UploadOptions) {
  const token = getToken();
  const client = createClient({
    url: location.origin,
    ...(token && { token }),
    fetch: (address, init) => sendFile(String(address), init, file, options.onProgress),
  });
  return client.datasets.commit({ ...input, content: new Uint8Array() }, { signal: options.signal });
}

/** `fetch` tells nothing about what was sent, and streams no upload over HTTP/1: the older way does both. */
function sendFile(
  address: string,
  init: RequestInit | undefined,
  file: File,
  onProgress: (sent: number) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(init?.method ?? 'POST', address);
    for (const [name, value] of new Headers(init?.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () =>
      resolve(new Response(request.responseText, { status: request.status, statusText: request.statusText }));
    request.onerror = () => reject(new TypeError('The connection was lost.'));
    request.onabort = () => reject(new DOMException('Cancelled.', 'AbortError'));
    init?.signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
