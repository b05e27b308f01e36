import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Evidence } from './service.ts';

export const evidenceRoutes = (evidence: Evidence): Handlers<typeof contract.evidence> => ({
  get: (input, caller) => evidence.get(input, caller),
});
