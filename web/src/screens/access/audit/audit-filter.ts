import type { ScreenSearch } from '../../../lib/search.ts';

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly from?: number;
  readonly to?: number;
}

const dayMs = 86_400_000;

/** A day of the address, as it begins there where the browser is. */
function startOf(day: string | undefined): number | undefined {
  const at = day === undefined ? Number.NaN : new Date(`${day}T00:00`).getTime();
  return Number.isNaN(at) ? undefined : at;
}

/** What the server is asked; the last day counts whole. */
export function filterOf({ actor, action, uri, from, to }: ScreenSearch): AuditFilter {
  const start = startOf(from);
  const end = startOf(to);
  return {
    ...(actor && { actor }),
    ...(action && { action }),
    ...(uri && { subject: uri }),
    ...(start !== undefined && { from: start }),
    ...(end !== undefined && { to: end + dayMs }),
  };
}
