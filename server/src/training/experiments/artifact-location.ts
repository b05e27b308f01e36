/** Where artifacts lie: what of an experiment, a run or a logged model is said of it, and where in the folder it is. */
import { parseFileUri, toFileUri } from '../../base/file-uri.ts';

/** The server's own blobs, which clients reach by its proxy. */
export const ownRoot = 'mlflow-artifacts:/';
/** As MLflow has it. */
const longestLocation = 2_048;
/** A folder of a run or a logged model, which goes with it. */
const ownedFolder = /\/(?:m-)?[0-9a-f]{32}(?:\/|$)/;

/** Null, for the server's own blobs, is not written down. */
export const toLocation = (experimentId: string | number, stored: string | null): string =>
  stored ?? `${ownRoot}${experimentId}`;

export const isFolder = (location: string): boolean => !location.startsWith(ownRoot);

export const runFolder = (id: string): string => `${id}/artifacts`;
export const modelFolder = (id: string): string => `models/${id}/artifacts`;

/** The place in the folder, or null when it lies elsewhere: below a root that this server had once. */
export function toPathIn(rootUri: string | null, location: string): string | null {
  if (rootUri === null || !`${location}/`.startsWith(`${rootUri}/`)) return null;
  return decodeURIComponent(location.slice(rootUri.length + 1));
}

/** A place that a client asks for, in the one spelling that is written down; null when it is not at or below the root. */
export function parseLocation(rootUri: string | null, given: string): string | null {
  const path = given.length > longestLocation ? null : parseFileUri(given);
  const location = path === null ? null : toFileUri(path);
  if (location === null || ownedFolder.test(location)) return null;
  return toPathIn(rootUri, location) === null ? null : location;
}
