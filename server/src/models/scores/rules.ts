/** The ML Test Score of Breck, Cai, Nielsen, Salib, Sculley (2017): points per test, sections, and what the least of them means. */
import type { Attestation, ScoredTest, TestScore, TestSection } from '@tidemill/contract';
import { type Found, findTests, type ScoreFacts } from './findings.ts';

const titles: Readonly<Record<TestSection, readonly string[]>> = {
  data: [
    'Feature expectations are captured in a schema',
    'All features are beneficial',
    "No feature's cost is too much",
    'Features adhere to meta-level requirements',
    'The data pipeline has appropriate privacy controls',
    'New features can be added quickly',
    'All input feature code is tested',
  ],
  model: [
    'Model specs are reviewed and submitted',
    'Offline and online metrics correlate',
    'All hyperparameters have been tuned',
    'The impact of model staleness is known',
    'A simpler model is not better',
    'Model quality is sufficient on important data slices',
    'The model is tested for considerations of inclusion',
  ],
  infrastructure: [
    'Training is reproducible',
    'Model specs are unit tested',
    'The ML pipeline is integration tested',
    'Model quality is validated before serving',
    'The model is debuggable',
    'Models are canaried before serving',
    'Serving models can be rolled back',
  ],
  monitoring: [
    'Dependency changes result in notification',
    'Data invariants hold for inputs',
    'Training and serving are not skewed',
    'Models are not too stale',
    'Models are numerically stable',
    'Computing performance has not regressed',
    'Prediction quality has not regressed',
  ],
};
const sections = Object.keys(titles) as TestSection[];

const readings = [
  [0, 'more of a research project than a productionized system'],
  [1, 'not totally untested, but it is worth considering the possibility of serious holes in reliability'],
  [2, 'there has been a first pass at basic productionization, but additional investment may be needed'],
  [3, 'reasonably tested, but it is possible that more of those tests and procedures may be automated'],
  [5, 'strong levels of automated testing and monitoring, appropriate for mission-critical systems'],
] as const;
const exceptional = 'exceptional levels of automated testing and monitoring';

export const readingOf = (score: number): string =>
  readings.find(([most]) => score <= most)?.[1] ?? exceptional;

const byHand = 'Tidemill cannot answer it; a person may attest it.';

export function scoreOf(
  model: string,
  facts: ScoreFacts,
  attested: ReadonlyMap<string, Attestation>,
): TestScore {
  const found = findTests(facts);
  const tests = sections.flatMap((section) =>
    titles[section].map((title, i) => {
      const id = `${section}-${i + 1}`;
      return { section, title, ...judge(id, found[id], attested.get(id) ?? null) };
    }),
  );
  const sums = sections.map((section) => ({
    section,
    points: tests.filter((test) => test.section === section).reduce((sum, { points }) => sum + points, 0),
  }));
  const score = Math.min(...sums.map(({ points }) => points));
  return { model, score, reading: readingOf(score), sections: sums, tests };
}

/** What was found counts before what is said. */
function judge(
  id: string,
  found: Found | undefined,
  attestation: Attestation | null,
): Omit<ScoredTest, 'section' | 'title'> {
  const automatable = found !== undefined;
  const evidence = found?.evidence ?? byHand;
  if (found && found.points > 0) {
    const how = found.points === 1 ? 'automated' : 'measured';
    return { id, points: found.points, how, evidence, automatable, attestation };
  }
  if (!attestation) return { id, points: 0, how: 'none', evidence, automatable, attestation };
  // What Tidemill found to be wrong, nobody attests away.
  if (found?.failed) return { id, points: 0, how: 'none', evidence, automatable, attestation };
  return {
    ...{ id, points: 0.5, how: 'attested', automatable, attestation },
    evidence: `${attestation.actor} says: ${attestation.note}`,
  };
}
