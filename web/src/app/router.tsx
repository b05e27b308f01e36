import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
} from '@tanstack/react-router';
import { ErrorNotice } from '../components/ErrorNotice.tsx';
import { parseSearch, stringifySearch, toScreenSearch } from '../lib/search.ts';
import { Missing } from './Missing.tsx';
import { Shell } from './Shell.tsx';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: Missing,
  errorComponent: ({ error, reset }) => <ErrorNotice error={error} retry={reset} />,
  validateSearch: toScreenSearch,
});

type Importer = () => Promise<Record<string, RouteComponent>>;

/** A screen is fetched when it is first opened. */
const screen = (path: string, name: string, load: Importer) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load, name) });

const operations = [
  screen('/', 'OverviewScreen', () => import('../screens/operations/overview/OverviewScreen.tsx')),
  screen('/monitors', 'MonitorsScreen', () => import('../screens/operations/monitoring/MonitorsScreen.tsx')),
  screen(
    '/monitors/$name',
    'MonitorScreen',
    () => import('../screens/operations/monitoring/MonitorScreen.tsx'),
  ),
  screen('/alerts', 'AlertsScreen', () => import('../screens/operations/alerts/AlertsScreen.tsx')),
  screen('/alerts/$id', 'AlertScreen', () => import('../screens/operations/alerts/AlertScreen.tsx')),
  screen('/loop-runs', 'LoopRunsScreen', () => import('../screens/operations/retraining/LoopRunsScreen.tsx')),
  screen(
    '/loop-runs/$id',
    'LoopRunScreen',
    () => import('../screens/operations/retraining/LoopRunScreen.tsx'),
  ),
  screen('/status', 'StatusScreen', () => import('../screens/operations/status/StatusScreen.tsx')),
];

const serving = [
  screen('/endpoints', 'EndpointsScreen', () => import('../screens/serving/endpoints/EndpointsScreen.tsx')),
  screen(
    '/endpoints/$name',
    'EndpointScreen',
    () => import('../screens/serving/endpoints/EndpointScreen.tsx'),
  ),
  screen('/rollouts', 'RolloutsScreen', () => import('../screens/serving/rollouts/RolloutsScreen.tsx')),
  screen('/rollouts/$id', 'RolloutScreen', () => import('../screens/serving/rollouts/RolloutScreen.tsx')),
];

const models = [
  screen('/models', 'ModelsScreen', () => import('../screens/models/registry/ModelsScreen.tsx')),
  screen('/models/$name', 'ModelScreen', () => import('../screens/models/registry/ModelScreen.tsx')),
  screen(
    '/models/$name/versions/$version',
    'ModelVersionScreen',
    () => import('../screens/models/registry/ModelVersionScreen.tsx'),
  ),
  screen(
    '/evaluations',
    'EvaluationsScreen',
    () => import('../screens/models/evaluation/EvaluationsScreen.tsx'),
  ),
  screen(
    '/evaluations/$id',
    'EvaluationScreen',
    () => import('../screens/models/evaluation/EvaluationScreen.tsx'),
  ),
  screen('/studies', 'StudiesScreen', () => import('../screens/models/study/StudiesScreen.tsx')),
  screen('/studies/$id', 'StudyScreen', () => import('../screens/models/study/StudyScreen.tsx')),
];

const training = [
  screen(
    '/experiments',
    'ExperimentsScreen',
    () => import('../screens/training/experiments/ExperimentsScreen.tsx'),
  ),
  screen(
    '/experiments/$id',
    'ExperimentScreen',
    () => import('../screens/training/experiments/ExperimentScreen.tsx'),
  ),
  screen('/runs/compare', 'CompareScreen', () => import('../screens/training/experiments/CompareScreen.tsx')),
  screen(
    '/logged-models/$id',
    'LoggedModelScreen',
    () => import('../screens/training/experiments/LoggedModelScreen.tsx'),
  ),
  screen('/runs/$id', 'RunScreen', () => import('../screens/training/experiments/RunScreen.tsx')),
  screen('/jobs', 'JobsScreen', () => import('../screens/training/jobs/JobsScreen.tsx')),
  screen('/jobs/$id', 'JobScreen', () => import('../screens/training/jobs/JobScreen.tsx')),
  screen('/sweeps', 'SweepsScreen', () => import('../screens/training/sweeps/SweepsScreen.tsx')),
  screen('/sweeps/$id', 'SweepScreen', () => import('../screens/training/sweeps/SweepScreen.tsx')),
];

const data = [
  screen('/sources', 'SourcesScreen', () => import('../screens/data/sources/SourcesScreen.tsx')),
  screen('/sources/$name', 'SourceScreen', () => import('../screens/data/sources/SourceScreen.tsx')),
  screen('/sql', 'SqlScreen', () => import('../screens/data/analyses/SqlScreen.tsx')),
  screen('/analyses', 'AnalysesScreen', () => import('../screens/data/analyses/AnalysesScreen.tsx')),
  screen('/analyses/$name', 'AnalysisScreen', () => import('../screens/data/analyses/AnalysisScreen.tsx')),
  screen('/datasets', 'DatasetsScreen', () => import('../screens/data/datasets/DatasetsScreen.tsx')),
  screen('/datasets/$name', 'DatasetScreen', () => import('../screens/data/datasets/DatasetScreen.tsx')),
  screen(
    '/datasets/$name/versions/$version',
    'DatasetVersionScreen',
    () => import('../screens/data/datasets/DatasetVersionScreen.tsx'),
  ),
  screen('/features', 'FeaturesScreen', () => import('../screens/data/features/FeaturesScreen.tsx')),
  screen(
    '/training-sets',
    'TrainingSetsScreen',
    () => import('../screens/data/features/TrainingSetsScreen.tsx'),
  ),
  // Where views were listed before there was a catalogue; links to it are kept.
  screen('/feature-views', 'FeaturesScreen', () => import('../screens/data/features/FeaturesScreen.tsx')),
  screen(
    '/entities/$name/versions/$version',
    'EntityScreen',
    () => import('../screens/data/features/EntityScreen.tsx'),
  ),
  screen(
    '/feature-services/$name/versions/$version',
    'FeatureServiceScreen',
    () => import('../screens/data/features/FeatureServiceScreen.tsx'),
  ),
  screen(
    '/feature-views/$name/versions/$version',
    'FeatureViewScreen',
    () => import('../screens/data/features/FeatureViewScreen.tsx'),
  ),
];

const access = [
  screen('/login', 'LoginScreen', () => import('../screens/access/users/LoginScreen.tsx')),
  screen('/account', 'AccountScreen', () => import('../screens/access/users/AccountScreen.tsx')),
  screen('/users', 'UsersScreen', () => import('../screens/access/users/UsersScreen.tsx')),
  screen('/users/$name', 'UserScreen', () => import('../screens/access/users/UserScreen.tsx')),
  screen('/groups', 'GroupsScreen', () => import('../screens/access/grants/GroupsScreen.tsx')),
  screen('/grants', 'GrantsScreen', () => import('../screens/access/grants/GrantsScreen.tsx')),
  screen('/tokens', 'TokensScreen', () => import('../screens/access/auth/TokensScreen.tsx')),
  screen('/audit', 'AuditScreen', () => import('../screens/access/audit/AuditScreen.tsx')),
  screen('/lineage', 'LineageScreen', () => import('../screens/access/lineage/LineageScreen.tsx')),
  screen('/subjects', 'SubjectsScreen', () => import('../screens/access/subjects/SubjectsScreen.tsx')),
];

export const createScreens = () =>
  createRouter({
    routeTree: root.addChildren([...operations, ...serving, ...models, ...training, ...data, ...access]),
    basepath: '/ui',
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    // A screen that loads faster than this shows no empty page in between.
    defaultPendingMs: 400,
  });
