import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Scores } from './service.ts';

export const scoresRoutes = (scores: Scores): Handlers<typeof contract.scores> => ({
  get: (input, caller) => scores.get(input, caller),
  attest: (input, caller) => scores.attest(input, caller),
  withdraw: (input, caller) => scores.withdraw(input, caller),
});
