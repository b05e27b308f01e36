import type { Migration } from '../migrate.ts';
import { migration as platform } from './001-platform.ts';
import { migration as access } from './002-access.ts';

/** The one ordered list. A domain adds `NNN-<domain>.ts` and a line here; a released migration never changes. */
export const migrations: readonly Migration[] = [platform, access];
