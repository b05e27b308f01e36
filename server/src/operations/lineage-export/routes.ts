import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { LineageExport } from './service.ts';

export const lineageExportRoutes = (
  lineageExport: LineageExport,
): Handlers<typeof contract.lineageExport> => ({
  openLineage: (input, caller) => lineageExport.openLineage(input, caller),
});
