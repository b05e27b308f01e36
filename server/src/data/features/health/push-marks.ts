import type { FeatureView } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { formatReference } from '../../../base/references.ts';
import { parseMicroseconds } from '../online/instants.ts';
import type { PushInput } from '../online/push.ts';

/** A view that is pushed to a thousand times a second is noted once. */
const betweenMs = 1_000;
const mostViews = 1_000;

type Note = (view: FeatureView, eventTime: number) => Promise<void>;

/** Notes the newest event that was pushed online: no dataset knows it, and the online store keeps no history. */
export function notingPushes<R extends { readonly online: unknown }>(
  push: (input: PushInput, caller: Caller) => Promise<R>,
  viewOf: (reference: string, workspace: string) => Promise<FeatureView>,
  note: Note,
): (input: PushInput, caller: Caller) => Promise<R> {
  const noted = new Map<string, number>();

  return async (input, caller) => {
    const reply = await push(input, caller);
    if (reply.online === null) return reply;
    const view = await viewOf(formatReference(input.name, input.version), caller.workspace);
    const key = `${view.workspace}/${view.reference}`;
    const now = performance.now();
    if (now - (noted.get(key) ?? Number.NEGATIVE_INFINITY) < betweenMs) return reply;
    const newest = input.rows.reduce(
      (most, row) => Math.max(most, parseMicroseconds(row[view.eventTime]) ?? 0),
      0,
    );
    noted.delete(key);
    noted.set(key, now);
    const oldest = noted.keys().next().value;
    if (noted.size > mostViews && oldest !== undefined) noted.delete(oldest);
    if (newest > 0) await note(view, Math.floor(newest / 1000));
    return reply;
  };
}
