import type { Evaluation } from '@tidemill/sdk';
import { Chart } from '../../../components/Chart.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { shortId } from '../../../components/ReferenceLink.tsx';
import type { Point } from '../../../lib/series.ts';

type Curves = Evaluation['curves'][number];

interface Named extends Curves {
  readonly name: string;
}

const none = 'There is no score to draw.';
const unit: readonly [number, number] = [0, 1];

/** ROC, precision, calibration and thresholds; of two evaluations in one picture. */
export function CurvesPanel({
  evaluation,
  beside,
}: {
  readonly evaluation: Evaluation;
  readonly beside: Evaluation | undefined;
}) {
  const curves: Named[] = [evaluation, ...(beside ? [beside] : [])].flatMap((one) =>
    one.curves.map((curve) => ({ ...curve, name: `${curve.class}${beside ? ` · ${shortId(one.id)}` : ''}` })),
  );
  const lines = (points: (curve: Named) => readonly Point[]): ChartLine[] =>
    curves.map((curve) => ({ name: curve.name, points: points(curve) }));
  const diagonal: ChartLine = {
    name: 'diagonal',
    tone: 'faint',
    dashed: true,
    points: [
      [0, 0],
      [1, 1],
    ],
  };
  const [first] = curves;
  const thresholds = (['precision', 'recall', 'f1', 'called'] as const).map((name) => ({
    name,
    points: (first?.thresholds ?? []).map((point): Point => [point.threshold, point[name]]),
  }));
  const common = { axis: 'value', domain: unit, height: 280, empty: none } as const;
  return (
    <div className="stack">
      <div className="columns">
        <Chart
          {...common}
          title="ROC: true positive rate over false positive rate"
          lines={[...lines(rocPoints), diagonal]}
        />
        <Chart {...common} title="Precision over recall" lines={lines(precisionPoints)} />
      </div>
      <div className="columns">
        <Chart
          {...common}
          title="Calibration: share that was positive over mean score"
          lines={[
            ...lines(({ calibration }) => calibration.map((bin): Point => [bin.meanScore, bin.rate])),
            diagonal,
          ]}
        />
        <Chart {...common} title={`By threshold: ${first?.name ?? ''}`} lines={thresholds} />
      </div>
    </div>
  );
}

const rocPoints = ({ points }: Curves): Point[] => [
  [0, 0],
  ...points.flatMap(({ falsePositiveRate: x, truePositiveRate: y }): Point[] => (x === null ? [] : [[x, y]])),
];

const precisionPoints = ({ points }: Curves): Point[] =>
  points.flatMap(({ truePositiveRate: x, precision: y }): Point[] => (x === null ? [] : [[x, y]]));
