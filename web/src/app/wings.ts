/** The menu: the six wings and their screens, top floor first. */
export const wings = [
  {
    wing: 'operations',
    screens: [
      { title: 'Monitors', to: '/monitors' },
      { title: 'Alerts', to: '/alerts' },
      { title: 'Loop runs', to: '/loop-runs' },
    ],
  },
  {
    wing: 'serving',
    screens: [
      { title: 'Endpoints', to: '/endpoints' },
      { title: 'Rollouts', to: '/rollouts' },
    ],
  },
  {
    wing: 'models',
    screens: [
      { title: 'Models', to: '/models' },
      { title: 'Evaluations', to: '/evaluations' },
      { title: 'Studies', to: '/studies' },
    ],
  },
  {
    wing: 'training',
    screens: [
      { title: 'Experiments', to: '/experiments' },
      { title: 'Jobs', to: '/jobs' },
      { title: 'Sweeps', to: '/sweeps' },
    ],
  },
  {
    wing: 'data',
    screens: [
      { title: 'Sources', to: '/sources' },
      { title: 'Datasets', to: '/datasets' },
      { title: 'SQL', to: '/sql' },
      { title: 'Analyses', to: '/analyses' },
      { title: 'Features', to: '/features' },
      { title: 'Training sets', to: '/training-sets' },
    ],
  },
  {
    wing: 'access',
    screens: [
      { title: 'Users', to: '/users' },
      { title: 'Groups', to: '/groups' },
      { title: 'Grants', to: '/grants' },
      { title: 'Tokens', to: '/tokens' },
      { title: 'Audit', to: '/audit' },
      { title: 'Lineage', to: '/lineage' },
      { title: 'Subjects', to: '/subjects' },
    ],
  },
] as const;
