/** How long a request has, and how much of that each model of its chain may take. */

/** What the caller of one request brought along. */
export interface Patience {
  /** Milliseconds the caller waits, where it says so: `X-Request-Timeout-Ms`, or gRPC's deadline. */
  readonly timeoutMs?: number;
  /** Whether the caller has left. */
  readonly isGone?: () => boolean;
}

/** The smaller of the endpoint's time and the caller's. */
export const timeOf = (endpointMs: number, patience: Patience | undefined): number =>
  Math.min(endpointMs, patience?.timeoutMs ?? endpointMs);

/** A rule or a constant takes microseconds; the rest is for the reply to get out. */
const replyShare = 0.02;
const mostForReplyMs = 5;

/**
 * What the next model may take of the time that is left.
 * @param modelsAfter models that are asked after it, if it fails
 * @param hasLastWord whether a rule or a constant answers when all models have failed
 */
export function shareOf(leftMs: number, modelsAfter: number, hasLastWord: boolean): number {
  if (modelsAfter > 0) return (leftMs * (modelsAfter + 1)) / (2 * modelsAfter + 1);
  return hasLastWord ? leftMs - Math.min(mostForReplyMs, leftMs * replyShare) : leftMs;
}
