import type { Download } from '@tidemill/sdk';

/** A download as text; for what is small enough to show. */
export async function readText(download: Download): Promise<string> {
  return (await readStart(download, Number.POSITIVE_INFINITY)).text;
}

/** The first bytes of a download as text; the rest is not fetched. */
export async function readStart(
  download: Download,
  mostBytes: number,
): Promise<{ text: string; isWhole: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  let left = mostBytes;
  for await (const bytes of download.content) {
    text += decoder.decode(bytes.length > left ? bytes.subarray(0, left) : bytes, { stream: true });
    left -= bytes.length;
    // Leaving the loop cancels the request.
    if (left < 0) return { text, isWhole: false };
  }
  return { text: text + decoder.decode(), isWhole: true };
}

/** A download as a file in the browser's memory. */
export async function readBlob(download: Download, mediaType = download.mediaType): Promise<Blob> {
  const parts: BlobPart[] = [];
  for await (const bytes of download.content) parts.push(new Uint8Array(bytes));
  return new Blob(parts, { type: mediaType });
}
