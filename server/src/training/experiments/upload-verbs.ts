import { randomBytes } from 'node:crypto';
import type { BlobPart } from '../../adapters/blobs/blobs.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { createTurns } from '../../base/turns.ts';
import type { ArtifactOwner } from './artifact-owner.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import type { ArtifactFile } from './rules.ts';
import { type ArtifactUpload, uploadStore } from './upload-store.ts';

const lifetime = 24 * 3_600_000;
const mostParts = 10_000;
const mostUnfinished = 1_000;
const clearedAtOnce = 50;

type GetTarget = (
  input: { readonly id: string; readonly path: string },
  workspace: string,
) => Promise<{ owner: ArtifactOwner; path: string }>;

/** Files that come in parts, side by side and over more than one start of the server. Whole or not at all. */
export function createUploadVerbs({ db, blobs, clock }: ExperimentsDependencies, getTarget: GetTarget) {
  const inTurn = createTurns();

  async function getUpload(id: string, workspace: string): Promise<ArtifactUpload> {
    const found = await uploadStore(db).find(workspace, id);
    if (!found || found.createdAt < clock.now() - lifetime)
      throw errors.uploadNotFound({ upload: id.slice(0, 100) });
    return found;
  }

  async function remove(id: string): Promise<void> {
    await blobs.parts.drop(id);
    await uploadStore(db).delete(id);
  }

  async function removeExpired(): Promise<void> {
    const expired = await uploadStore(db).listOlder(clock.now() - lifetime, clearedAtOnce);
    for (const id of expired) await inTurn(id, () => remove(id));
  }

  return {
    /** @throws uploadsTooMany, and what `putArtifact` throws before it reads */
    async createUpload(
      input: { readonly id: string; readonly path: string; readonly partCount: number },
      caller: Caller,
    ): Promise<ArtifactUpload> {
      assertPartCount(input.partCount);
      const { owner, path } = await getTarget(input, caller.workspace);
      await removeExpired();
      const store = uploadStore(db);
      if ((await store.countUnfinished(caller.workspace)) >= mostUnfinished)
        throw errors.uploadsTooMany({ limit: mostUnfinished });
      const id = randomBytes(16).toString('hex');
      const upload = { id, owner: owner.id, path, partCount: input.partCount, createdAt: clock.now() };
      await blobs.parts.open(id);
      await store.insert(upload, caller.workspace, caller.actor);
      return { ...upload, completedAt: null };
    },

    /** Gives back the part's hash, by which `completeUpload` names it. */
    async putUploadPart(
      input: {
        readonly upload: string;
        readonly number: number;
        readonly content: AsyncIterable<Uint8Array>;
      },
      caller: Caller,
    ): Promise<string> {
      const upload = await getUpload(input.upload, caller.workspace);
      if (upload.completedAt !== null) throw errors.uploadNotFound({ upload: upload.id });
      if (!(input.number >= 1 && input.number <= upload.partCount)) {
        throw errors.trackingValueInvalid({
          where: 'part_number',
          reason: `this upload has the parts 1 to ${upload.partCount}`,
        });
      }
      return (await blobs.parts.put(upload.id, input.number, input.content)).sha256;
    },

    /** Said twice, as by a client that lost the reply, it is done once. */
    completeUpload: (
      input: { readonly upload: string; readonly target: string; readonly parts: readonly BlobPart[] },
      caller: Caller,
    ): Promise<void> =>
      inTurn(input.upload, async () => {
        const upload = await getUpload(input.upload, caller.workspace);
        assertTarget(upload, input.target);
        if (upload.completedAt !== null) return;
        const parts = assertAllParts(upload, input.parts);
        const { owner } = await getTarget({ id: upload.owner, path: upload.path }, caller.workspace);
        const file: ArtifactFile = { path: upload.path, ...(await blobs.parts.join(upload.id, parts)) };
        // Ended in between, it is said again: the parts are still there, and the file is the same.
        await owner.place.save(file);
        await uploadStore(db).complete(upload.id, clock.now());
        await blobs.parts.drop(upload.id);
      }),

    abortUpload: (
      input: { readonly upload: string; readonly target: string },
      caller: Caller,
    ): Promise<void> =>
      inTurn(input.upload, async () => {
        const upload = await getUpload(input.upload, caller.workspace);
        assertTarget(upload, input.target);
        if (upload.completedAt === null) await remove(upload.id);
      }),
  };
}

/** The request names the file again; another one's upload must not be moved there. */
function assertTarget(upload: ArtifactUpload, target: string): void {
  if (target !== `${upload.owner}/${upload.path}`) throw errors.uploadNotFound({ upload: upload.id });
}

function assertPartCount(count: number): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= mostParts) return;
  throw errors.trackingValueInvalid({ where: 'num_parts', reason: `it must be from 1 to ${mostParts}` });
}

/** Every part once, in order. */
function assertAllParts(upload: ArtifactUpload, parts: readonly BlobPart[]): BlobPart[] {
  const sorted = [...parts].sort((a, b) => a.number - b.number);
  const isComplete =
    sorted.length === upload.partCount && sorted.every((part, index) => part.number === index + 1);
  if (isComplete) return sorted;
  throw errors.trackingValueInvalid({
    where: 'parts',
    reason: `this upload needs each of its ${upload.partCount} parts once, not ${parts.length} of some`,
  });
}
