import { useQuery } from '@tanstack/react-query';
import type { Assessment, ModelVersion } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { AssessActions } from './AssessActions.tsx';
import { FairnessFindings, LatencyFindings, LeakageFindings, SkewFindings } from './AssessmentFindings.tsx';

const titles = {
  leakage: 'Leakage',
  fairness: 'Fairness',
  latency: 'Latency',
  skew: 'Train and serve skew',
} as const;
const kinds = ['leakage', 'fairness', 'latency', 'skew'] as const;

/** The newest of each kind: what gates read. */
export function AssessmentsPanel({ model }: { readonly model: ModelVersion }) {
  const list = useQuery(
    ask('assessments', 'listAssessments', { name: model.model, version: String(model.version) }),
  );
  return (
    <div className="stack">
      <AssessActions model={model} />
      <Answer of={list}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState command={`tidemill models assess latency ${model.reference}`}>
              Nothing was measured of {model.reference} beside its evaluations. Rules of a gate that read
              leakage, fairness, latency or skew do not hold until it is.
            </EmptyState>
          ) : (
            kinds.map((kind) => {
              const newest = items.find((item) => item.kind === kind);
              return newest && <One key={newest.id} assessment={newest} />;
            })
          )
        }
      </Answer>
    </div>
  );
}

function One({ assessment }: { readonly assessment: Assessment }) {
  const { leakage, fairness, latency, skew, notes } = assessment;
  return (
    <Panel
      title={titles[assessment.kind]}
      aside={
        <span className="dim">
          <Time at={assessment.createdAt} /> by {assessment.createdBy}
        </span>
      }
    >
      {leakage && <LeakageFindings found={leakage} />}
      {fairness && <FairnessFindings found={fairness} />}
      {latency && <LatencyFindings found={latency} />}
      {skew && <SkewFindings found={skew} />}
      {notes.map((note) => (
        <p key={note} className="dim">
          {note}
        </p>
      ))}
    </Panel>
  );
}
