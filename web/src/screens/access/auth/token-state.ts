/** Whether a token opens the door at this time. */
export const isUsable = (
  token: { readonly revokedAt: number | null; readonly expiresAt: number | null },
  now: number,
): boolean => token.revokedAt === null && (token.expiresAt === null || token.expiresAt > now);
