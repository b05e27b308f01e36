/** The endpoints as Prometheus reads them: our own families, and those that dashboards of other inference servers know. */
import type { Family, Labels, NumberSample } from '../../../base/metrics/metrics.ts';
import { runtimesOf } from './live-endpoint.ts';
import type { LiveTraffic } from './live-traffic.ts';
import { phases, type TrafficStats, type VariantCounts } from './traffic-stats.ts';

type Traffic = Pick<LiveTraffic, 'live' | 'droppedShadows'>;
type Counted = VariantCounts & { readonly workspace: string; readonly endpoint: string };

/** `forecaster@2` as name and number. */
function ofModel(reference: string): { model: string; version: string } {
  const cut = reference.lastIndexOf('@');
  return { model: reference.slice(0, Math.max(cut, 0)), version: cut < 0 ? '' : reference.slice(cut + 1) };
}

const labelsOf = ({ workspace, endpoint, variant, model }: Counted): Labels => ({
  workspace,
  endpoint,
  variant,
  ...ofModel(model),
});

export function trafficFamilies(stats: TrafficStats, traffic: Traffic): Family[] {
  return [...countFamilies(stats), ...liveFamilies(traffic), ...familiarFamilies(stats)];
}

function countFamilies(stats: TrafficStats): Family[] {
  return [
    {
      name: 'tidemill_inference_requests_total',
      help: 'Requests to endpoints, by the step that answered and the status of the reply',
      type: 'counter',
      collect: () =>
        [...stats.all()].flatMap((each) => [
          ...[...each.sources].map(([source, value]) => ({
            labels: { ...labelsOf(each), source, code: 200 },
            value,
          })),
          ...[...each.failures].map(([code, value]) => ({
            labels: { ...labelsOf(each), source: 'none', code },
            value,
          })),
        ]),
    },
    {
      name: 'tidemill_inference_records_total',
      help: 'Records that were answered',
      type: 'counter',
      collect: () => [...stats.all()].map((each) => ({ labels: labelsOf(each), value: each.records })),
    },
    {
      name: 'tidemill_inference_duration_seconds',
      help: 'Time of answered requests, by phase: queue, features, inference, total',
      type: 'histogram',
      divisor: 1000,
      collect: () =>
        [...stats.all()].flatMap((each) =>
          phases.map((phase) => ({
            labels: { ...labelsOf(each), phase },
            histogram: each.durations[phase],
          })),
        ),
    },
    {
      name: 'tidemill_inference_request_records',
      help: 'Records per request and variant',
      type: 'histogram',
      collect: () => [...stats.all()].map((each) => ({ labels: labelsOf(each), histogram: each.sizes })),
    },
  ];
}

function liveFamilies(traffic: Traffic): Family[] {
  type Place = ReturnType<Traffic['live']> extends Iterable<infer P> ? P : never;
  const ofEach = (value: (place: Place) => number) => (): NumberSample[] =>
    [...traffic.live()].map((place) => ({
      labels: { workspace: place.endpoint.workspace, endpoint: place.endpoint.name },
      value: value(place),
    }));
  const ofRuntimes = (value: (runtime: ReturnType<typeof runtimesOf>[number]) => number) => () =>
    [...traffic.live()].flatMap(({ endpoint }) =>
      runtimesOf(endpoint).map((runtime) => ({
        labels: {
          workspace: endpoint.workspace,
          endpoint: endpoint.name,
          variant: runtime.variant,
          ...ofModel(runtime.model),
          runtime: runtime.kind,
        },
        value: value(runtime),
      })),
    );
  return [
    {
      name: 'tidemill_inference_in_flight',
      help: 'Requests and shadow predictions under way on the live revision',
      type: 'gauge',
      collect: ofEach(({ endpoint }) => endpoint.inFlight),
    },
    {
      name: 'tidemill_endpoint_revision',
      help: 'Number of the live revision',
      type: 'gauge',
      collect: ofEach(({ revision }) => revision),
    },
    {
      name: 'tidemill_endpoint_fallback_forced',
      help: '1 while the endpoint is switched to its rule',
      type: 'gauge',
      collect: ofEach(({ forced }) => (forced === null ? 0 : 1)),
    },
    {
      name: 'tidemill_runtime_ready',
      help: '1 where the runtime of a variant can answer',
      type: 'gauge',
      collect: ofRuntimes(({ state }) => (state === 'ready' ? 1 : 0)),
    },
    {
      name: 'tidemill_runtime_restarts_total',
      help: 'How often the process of a runtime was started again',
      type: 'counter',
      collect: ofRuntimes(({ restarts }) => restarts),
    },
    {
      name: 'tidemill_shadow_predictions_dropped_total',
      help: 'Shadow predictions left out because too many waited',
      type: 'counter',
      collect: () => [{ value: traffic.droppedShadows() }],
    },
  ];
}

/** As MLServer names them, so that its dashboards show our endpoints: there a model is what is called. */
function familiarFamilies(stats: TrafficStats): Family[] {
  const byVersion = (value: (each: Counted) => number) => () => {
    const sums = new Map<string, { labels: Labels; value: number }>();
    for (const each of stats.all()) {
      const { version } = ofModel(each.model);
      const key = `${each.workspace}/${each.endpoint} ${version}`;
      const found = sums.get(key);
      const labels = { workspace: each.workspace, model: each.endpoint, version };
      sums.set(key, { labels, value: (found?.value ?? 0) + value(each) });
    }
    return sums.values();
  };
  const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
  return [
    {
      name: 'model_infer_request_success_total',
      help: 'Answered requests, by endpoint (model) and model version',
      type: 'counter',
      collect: byVersion((each) => sum(each.sources.values())),
    },
    {
      name: 'model_infer_request_failure_total',
      help: 'Requests without an answer, by endpoint (model) and model version',
      type: 'counter',
      collect: byVersion((each) => sum(each.failures.values())),
    },
  ];
}
