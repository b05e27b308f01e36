/**
 * A dataset's source as MLflow's client writes it (JSON with a url or uri, or plain text): the version of ours it
 * names, as a typed uri.
 */
export function findDatasetUri(source: string): string | null {
  const plain = /dataset:[a-z0-9][a-z0-9._-]*@[A-Za-z0-9._-]+/.exec(source);
  if (plain) return plain[0];
  const address = /\/api\/v1\/datasets\/([^/"?#\s]+)\/versions\/([^/"?#\s]+)/.exec(source);
  return address ? `dataset:${address[1]}@${address[2]}` : null;
}
