import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Validation } from './service.ts';

export const validationRoutes = (validation: Validation): Handlers<typeof contract.validation> => ({
  getExpectations: (input, caller) => validation.getExpectations(input, caller),
  putExpectations: (input, caller) => validation.putExpectations(input, caller),
  suggest: (input, caller) => validation.suggest(input, caller),
  validate: (input, caller) => validation.validate(input, caller),
  validateFile: (input, caller) => validation.validateFile(input, caller),
  list: (input, caller) => validation.list(input, caller),
  get: (input, caller) => validation.get(input, caller),
});
