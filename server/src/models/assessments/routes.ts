import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Assessments } from './service.ts';

export const assessmentsRoutes = (assessments: Assessments): Handlers<typeof contract.assessments> => ({
  assessLeakage: (input, caller, signal) => assessments.assessLeakage(input, caller, signal),
  assessFairness: (input, caller) => assessments.assessFairness(input, caller),
  assessLatency: (input, caller, signal) => assessments.assessLatency(input, caller, signal),
  assessSkew: (input, caller, signal) => assessments.assessSkew(input, caller, signal),
  listAssessments: (input, caller) => assessments.listAssessments(input, caller),
});
