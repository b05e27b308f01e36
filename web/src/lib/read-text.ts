import type { Download } from '@tidemill/sdk';

/** A download as text; for what is small enough to show. */
export async function readText(download: Download): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of download.content) text += decoder.decode(bytes, { stream: true });
  return text + decoder.decode();
}
