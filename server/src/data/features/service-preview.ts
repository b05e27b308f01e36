import type { FeatureView, ServicePreview } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { FeatureServices } from './catalogue/feature-services.ts';
import { type PreviewReply, toPreview } from './preview-cells.ts';
import { cleanSql } from './rules.ts';
import { entitiesSql, eventTimeOf, type TakenService } from './training-set-rules.ts';
import type { TrainingSets } from './training-sets.ts';

export interface ServicePreviewDependencies {
  readonly services: Pick<FeatureServices, 'resolve' | 'meaningOf'>;
  readonly trainingSets: Pick<TrainingSets, 'preview'>;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
}

const previewRows = 100;
const what = 'The feature service';

/** A service on some entity rows, by the code that builds training sets. */
export function createServicePreview({ services, trainingSets, resolveView }: ServicePreviewDependencies) {
  async function take(
    { service, features, ...rest }: ServicePreview,
    workspace: string,
  ): Promise<TakenService> {
    if ((service === undefined) === (features === undefined)) {
      const reason = "say either 'features' or 'service', what is to be tried";
      throw errors.featureDefinitionInvalid({ what, reason });
    }
    if (service !== undefined) return services.resolve(service, workspace);
    const meaning = await services.meaningOf({ ...rest, features: features ?? [] }, workspace);
    return { ...meaning, reference: 'the feature service' };
  }

  /** Keys and times of the first view that has all keys; what a request would bring is null. */
  async function firstRows(service: TakenService, eventTime: string, workspace: string): Promise<string> {
    const views = await inParallel(service.views, 8, ({ reference }) => resolveView(reference, workspace));
    const keys = service.joinKeys.map(({ name }) => name);
    const view = views.find(({ entity }) => keys.every((key) => entity.includes(key)));
    if (!view) {
      const reason = `none of its views has all keys, ${keys.join(', ')}; give entities that have them`;
      throw errors.featureDefinitionInvalid({ what, reason });
    }
    const time = `${quoteName(view.eventTime)} as ${quoteName(eventTime)}`;
    const fields = service.request.map(({ name, type }) => `cast(null as ${type}) as ${quoteName(name)}`);
    return `select ${[...keys.map(quoteName), time, ...fields].join(', ')} from (${view.sql}\n)`;
  }

  return {
    async previewService(input: ServicePreview, caller: Caller, signal?: AbortSignal): Promise<PreviewReply> {
      const { eventTime, statuses, bindings, limit = previewRows } = input;
      const service = await take(input, caller.workspace);
      const rows =
        input.entities === undefined
          ? await firstRows(service, eventTimeOf(input), caller.workspace)
          : entitiesSql(input.entities, cleanSql);
      const found = await trainingSets.preview(
        {
          ...{ name: 'preview', eventTime, statuses, bindings },
          entities: `select * from (${rows}\n) limit ${limit}`,
          // A view's own rows are shown at their times as they are known by now, corrections included.
          bitemporal: input.entities !== undefined,
        },
        service,
        caller,
        signal,
      );
      return toPreview(found.columns, found.rows);
    },
  };
}
