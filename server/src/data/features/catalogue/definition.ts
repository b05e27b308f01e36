/** What entities, feature views and feature services have in common. */

export type DefinitionKind = 'entity' | 'view' | 'service';

/** A version: its meaning never changes; what is said about it may. */
export interface Definition<M, A> {
  readonly workspace: string;
  readonly name: string;
  readonly version: number;
  readonly meaning: M;
  readonly about: A;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface About {
  readonly description: string;
  readonly owner: string;
  readonly tags: Record<string, string>;
}

export const aboutOf = (input: {
  description?: string | undefined;
  owner?: string | undefined;
  tags?: Record<string, string> | undefined;
}): About => ({
  description: input.description ?? '',
  owner: input.owner ?? '',
  tags: input.tags ?? {},
});

/** A row of the searched catalogue: the thing itself, or one of a view's features. */
export interface CatalogueEntry {
  readonly kind: DefinitionKind | 'feature';
  readonly feature: string;
  readonly title: string;
  /** What it is found by. */
  readonly words: readonly string[];
  readonly shown: ShownEntry;
}

export interface ShownEntry extends About {
  readonly version: number;
  readonly type: string | null;
}

export const shownEntry = (
  { version, about }: Pick<Definition<unknown, About>, 'version' | 'about'>,
  type: string | null = null,
): ShownEntry => {
  const { description, owner, tags } = about;
  return { version, description, owner, tags, type };
};

export const aboutWords = ({ description, owner, tags }: About): string[] => [
  description,
  owner,
  ...Object.entries(tags).map(([key, value]) => `${key}=${value}`),
];

/** By name, then number: `x@2` before `x@10`. */
export const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
