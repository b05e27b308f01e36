/** Server-sent events: what several streams share. */

export const heartbeatMs = 15_000;

const encoder = new TextEncoder();

/** Ignored by readers; it keeps proxies from closing a quiet stream. */
export const toComment = (text: string): Uint8Array => encoder.encode(`: ${text}\n\n`);

export const toFrame = (data: unknown, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

export const toBytes = (frames: readonly string[]): Uint8Array => encoder.encode(frames.join(''));

/** False when nothing came before the heartbeat was due. `arm` is given what wakes the waiter. */
export function waitForWake(arm: (wake: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), heartbeatMs);
    arm(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
