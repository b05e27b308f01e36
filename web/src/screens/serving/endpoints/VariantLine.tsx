import type { Variant } from '@tidemill/sdk';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { formatShare } from '../../../lib/format.ts';

/** Who answers, with what share, in one line. */
export function VariantLine({ variants }: { readonly variants: readonly Variant[] }) {
  return variants.map((variant, index) => (
    <span key={variant.name}>
      {index > 0 && ', '}
      <ReferenceLink kind="model" to={variant.model} />{' '}
      <span className="dim">{variant.shadow ? 'in shadow' : formatShare(variant.weight)}</span>
    </span>
  ));
}
