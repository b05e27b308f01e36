import type { Sweep, Trial } from '@tidemill/sdk';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Progress } from '../../../components/Progress.tsx';
import { LinkedText, ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatDuration, formatNumber, formatValue } from '../../../lib/format.ts';
import { countStates, goalText, ownTrials, type Search } from './search-words.ts';

interface SearchFactsProps {
  readonly sweep: Sweep;
  readonly search: Search;
}

/** What is searched for, how far it is, what was found. */
export function SearchFacts({ sweep, search }: SearchFactsProps) {
  const { budget, goals, sampler, pruner, command, warmStart } = search;
  const own = ownTrials(sweep);
  const cost = own.reduce((sum, trial) => sum + (trial.cost ?? 0), 0);
  return (
    <>
      <Summary>
        <Fact name={goals.length > 1 ? 'Goals' : 'Goal'}>{goals.map(goalText).join(', ')}</Fact>
        <Fact name="Best">
          <Best best={sweep.best} />
        </Fact>
        {sweep.chosen && (
          <Fact name="Chosen, as stable">
            <Best best={sweep.chosen} />
          </Fact>
        )}
        <Fact name="Sampler">{sampler}</Fact>
        <Fact name="Pruner">{pruner.type}</Fact>
        <Fact name="Experiment">{search.experiment}</Fact>
        <Fact name="Run">
          <ReferenceLink kind="run" to={sweep.runId} text={sweep.runId ? shortId(sweep.runId) : ''} />
        </Fact>
        <Fact name="Model">
          <ReferenceLink kind="model" to={sweep.modelVersion} />
        </Fact>
        <Fact name="At once">{command ? search.parallel : 'as many as ask'}</Fact>
        {budget.seconds !== undefined && (
          <Fact name="Time it may take">{formatDuration(budget.seconds * 1000)}</Fact>
        )}
        {(budget.cost !== undefined || cost > 0) && (
          <Fact name="Cost">
            <Figure value={cost} />
            {budget.cost !== undefined && ` of ${formatNumber(budget.cost)}`}
          </Fact>
        )}
        {warmStart && (
          <Fact name="Knows">
            <ReferenceLink kind="sweep" to={warmStart} text={shortId(warmStart)} />
          </Fact>
        )}
        <Fact name="Started">
          <Time at={sweep.createdAt} />
        </Fact>
        {sweep.finishedAt !== null && (
          <Fact name="Took">{formatDuration(sweep.finishedAt - sweep.createdAt)}</Fact>
        )}
        <Fact wide name="Trials">
          {own.length}
          {budget.trials !== undefined && ` of ${budget.trials}`}
          {own.length > 0 && `: ${countStates(own)}`}
          {budget.trials !== undefined && (
            <div style={{ maxWidth: 420 }}>
              <Progress label="trials" done={own.length} of={budget.trials} />
            </div>
          )}
        </Fact>
        {sweep.best && (
          <Fact wide name="Parameters of the best">
            {Object.entries(sweep.best.parameters)
              .map(
                ([name, value]) =>
                  `${name} ${typeof value === 'number' ? formatNumber(value) : formatValue(value)}`,
              )
              .join(', ')}
          </Fact>
        )}
        {command && (
          <Fact wide name="Command">
            <CommandLine>{command.command.join(' ')}</CommandLine>
          </Fact>
        )}
      </Summary>
      {sweep.error && (
        <p style={{ marginBottom: 12 }}>
          <StatusBadge state="failed" word="" /> <LinkedText>{sweep.error}</LinkedText>
        </p>
      )}
    </>
  );
}

function Best({ best }: { readonly best: Trial | null }) {
  if (!best) return '–';
  return (
    <>
      <Figure value={best.value} /> (
      <ReferenceLink kind="run" to={best.runId} text={`trial ${best.number}`} />)
    </>
  );
}
