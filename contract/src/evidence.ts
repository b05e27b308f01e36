import { byModelVersion } from './common.ts';
import { endpoints } from './endpoint.ts';

export const evidenceEndpoints = endpoints({
  get: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/evidence',
    permission: 'read',
    summary:
      'One archive of all that is known of a model version, for an auditor: card, gate, approvals, evaluations, inputs, code, environment, audit with the proof of its chain, and how to verify it',
    params: byModelVersion,
    download: true,
  },
});
