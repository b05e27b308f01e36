import type { RegisteredModel } from '@tidemill/sdk';
import { ModelLink } from './ModelLink.tsx';

/** Aliases with the version each points at. */
export function AliasLine({ model }: { readonly model: RegisteredModel }) {
  return Object.entries(model.aliases).map(([alias, version], index) => (
    <span key={alias}>
      {index > 0 && ', '}
      {alias} <ModelLink name={model.name} version={version} text={`@${version}`} />
    </span>
  ));
}
