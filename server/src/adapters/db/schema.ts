import type { AccessTables } from './tables/access.ts';
import type { PlatformTables } from './tables/platform.ts';

/** Every table of the metadata database. A domain adds `tables/<domain>.ts` and its name to this list. */
export interface Database extends PlatformTables, AccessTables {}
