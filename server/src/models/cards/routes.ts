import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Cards } from './service.ts';

export const cardsRoutes = (cards: Cards): Handlers<typeof contract.cards> => ({
  get: (input, caller) => cards.get(input, caller),
  getDocument: (input, caller) => cards.getDocument(input, caller),
  getText: (input, caller) => cards.getText(input, caller),
  putText: (input, caller) => cards.putText(input, caller),
});
