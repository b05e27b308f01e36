import type { RegisteredModel } from '@tidemill/sdk';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';

/** Aliases with the version each points at. */
export function AliasLine({ model }: { readonly model: RegisteredModel }) {
  return Object.entries(model.aliases).map(([alias, version], index) => (
    <span key={alias}>
      {index > 0 && ', '}
      {alias} <ReferenceLink kind="model" to={`${model.name}@${version}`} text={`@${version}`} />
    </span>
  ));
}
