import type { Comparison } from '@tidemill/sdk';
import { formatNumber } from '../lib/format.ts';
import { Fact, Summary } from './Detail.tsx';
import { Figure } from './Figure.tsx';
import { StatusBadge } from './StatusBadge.tsx';

/** A paired comparison: the verdict and the numbers it rests on. */
export function ComparisonFacts({ comparison }: { readonly comparison: Comparison }) {
  const [low, high] = comparison.interval;
  return (
    <Summary>
      <Fact name="Verdict">
        <StatusBadge state={comparison.verdict} />
      </Fact>
      <Fact name="Pairs">
        <Figure count value={comparison.pairs} />
      </Fact>
      <Fact name="Difference of absolute error">
        <span title="Candidate minus the other; negative is better">
          <Figure value={comparison.meanDifference} />
        </span>
      </Fact>
      <Fact name="95 % interval">
        <span className="number">
          {formatNumber(low)} to {formatNumber(high)}
        </span>
      </Fact>
      <Fact name="p">
        <Figure value={comparison.pValue} digits={3} />
      </Fact>
    </Summary>
  );
}
