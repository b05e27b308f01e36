import { resolveByDns } from '../network/network.ts';
import { fetchHttp } from './http.ts';
import { fetchPath } from './path.ts';
import { defaultLimits, type SourceReader, type SourceReaderOptions } from './sources.ts';

/** Reads every kind of place. What is seldom used is loaded when it first is. */
export function openSourceReader({
  limits: given,
  resolve = resolveByDns,
  ...policy
}: SourceReaderOptions): SourceReader {
  const limits = { ...defaultLimits, ...given };
  return {
    async fetch({ from, ...request }) {
      if (from.kind === 'path') return fetchPath({ ...request, from }, policy, limits);
      if (from.kind === 'http') return fetchHttp({ ...request, from }, policy, limits, resolve);
      if (from.kind === 's3') {
        const { fetchS3 } = await import('./s3.ts');
        return fetchS3({ ...request, from }, policy, limits, resolve);
      }
      const { fetchPostgres } = await import('./postgres.ts');
      return fetchPostgres({ ...request, from }, policy, limits, resolve);
    },
  };
}
