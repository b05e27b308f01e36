import type { CardText } from '@tidemill/contract';
import { CardTextFields } from '@tidemill/contract';

export type CardField = keyof typeof CardTextFields;
export type CardFields = Readonly<Record<CardField, string>>;

export const cardFields = Object.keys(CardTextFields) as CardField[];

export const noFields = Object.fromEntries(cardFields.map((field) => [field, ''])) as CardFields;

export const noText: CardText = { ...noFields, updatedAt: null, updatedBy: null };

/** As the card names them. */
export const fieldTitles: CardFields = {
  owner: 'Owner',
  consumers: 'Consumers',
  intendedUse: 'Intended use',
  outOfScope: 'Out of scope',
  limits: 'Limits',
  ethics: 'Whom it may harm',
};

export const unwrittenOf = (text: CardFields): CardField[] =>
  cardFields.filter((field) => text[field].trim() === '');
