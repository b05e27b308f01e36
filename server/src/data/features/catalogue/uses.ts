import type { FeatureUses } from '@tidemill/contract';
import type { Lineage } from '../../../access/lineage/service.ts';
import { byNumber } from './definition.ts';

const limit = 1000;

/** Who uses definitions now, by what holds them and, of models, what they learned from: whoever let go of a version is no user of it. */
export function createUses(lineage: Pick<Lineage, 'users'>) {
  async function usesOf(workspace: string, uri: string, skip?: ReadonlySet<string>): Promise<FeatureUses> {
    const { users, truncated } = await lineage.users(workspace, uri, { limit, ...(skip && { skip }) });
    const of = (kind: string) => users.filter((each) => each.startsWith(`${kind}:`)).sort(byNumber);
    return {
      uri,
      views: of('view'),
      services: of('service'),
      trainingSets: of('dataset'),
      models: of('model'),
      endpoints: of('endpoint'),
      truncated,
    };
  }

  return {
    usesOf: (workspace: string, uri: string): Promise<FeatureUses> => usesOf(workspace, uri),

    /** As if these services did not use it: neither they nor the training sets that were built by them count. */
    async usesWithout(workspace: string, uri: string, services: readonly string[]): Promise<FeatureUses> {
      const skip = new Set(services);
      for (const service of services) {
        const { users } = await lineage.users(workspace, service, { limit, depth: 1 });
        for (const user of users) if (user.startsWith('dataset:')) skip.add(user);
      }
      return usesOf(workspace, uri, skip);
    },
  };
}

export type Uses = ReturnType<typeof createUses>;
