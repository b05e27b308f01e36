/** What of models and versions can be searched, by every name it goes by in MLflow's grammar. */
import {
  type Comparison,
  type Filter,
  listComparisons,
  type Ordering,
  parseFilter,
  parseOrderings,
  type Searchable,
} from '../../base/search/grammar.ts';
import { promptTag } from './rules.ts';

const entities = {
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  tag: 'tag',
  tags: 'tag',
} as const;
const times = {
  creation_timestamp: 'createdAt',
  last_updated_timestamp: 'updatedAt',
  timestamp: 'updatedAt',
} as const;

export const searchableModels: Searchable = {
  entities,
  texts: { name: 'name', description: 'description' },
  numbers: times,
};

export const searchableVersions: Searchable = {
  entities,
  texts: {
    name: 'model',
    run_id: 'runId',
    source_path: 'source',
    source: 'source',
    model_id: 'loggedModel',
    current_stage: 'stage',
    stage: 'stage',
    description: 'description',
  },
  numbers: { ...times, version_number: 'number', version: 'number' },
};

export interface SearchRequest {
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
}

export interface ParsedSearch {
  readonly filter: Filter;
  readonly order: readonly Ordering[];
}

/** Prompts, which MLflow keeps among the models, are found by those only who ask for them. */
export function parseSearch(
  { filter = '', orderBy = [] }: SearchRequest,
  searchable: Searchable,
): ParsedSearch {
  const asked = parseFilter(filter, searchable);
  const order = parseOrderings(orderBy, searchable);
  if (listComparisons(asked).some(wantsPrompts)) return { filter: onPrompts(asked), order };
  return { filter: { all: [noPrompt, onPrompts(asked)] }, order };
}

const noPrompt: Comparison = { entity: 'attribute', key: 'isPrompt', operator: '=', text: 'false' };

const isOnPrompts = (comparison: Comparison) => comparison.entity === 'tag' && comparison.key === promptTag;

function wantsPrompts(comparison: Comparison): boolean {
  if (!isOnPrompts(comparison) || !('text' in comparison)) return false;
  const wanted = comparison.operator === '=' ? 'true' : 'false';
  return comparison.operator !== 'LIKE' && comparison.text.toLowerCase() === wanted;
}

/** A model without the tag is no prompt, while a comparison with a tag that is not there matches nothing. */
function onPrompts(filter: Filter): Filter {
  if ('all' in filter) return { all: filter.all.map(onPrompts) };
  if ('any' in filter) return { any: filter.any.map(onPrompts) };
  return isOnPrompts(filter) ? { ...filter, entity: 'attribute', key: 'isPrompt' } : filter;
}
